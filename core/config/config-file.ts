import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { type Detail, messageOf, UserError } from "../errors.ts";
import { loadPlugins } from "../registry/plugins.ts";
import { presetPolicy, type RetentionPolicy, readPolicy } from "../retention/policy.ts";
import { fixedStore } from "../sources/fixed-store.ts";
import { sealer } from "../sources/seal.ts";
import { Sources } from "../sources/sources.ts";
import { noOutside, type Outside, readOutside } from "../triage/outside.ts";
import { InterpolationError, interpolate } from "./interpolate.ts";
import type { Settings } from "./settings.ts";

/** What `webhook_config.yaml` says, with its variables filled in; not checked yet. */
export interface ConfigFile {
  /** By name. */
  readonly sources: ReadonlyMap<string, unknown>;
  readonly retention: unknown;
  readonly triage: unknown;
  /** `file:line` of a path like `sources.edr.secret`, or of the nearest thing around it. */
  readonly lineOf: (path: string) => string;
}

/** A mistake is found by line; more than that only buries the first. */
const largest = 1_048_576;

/**
 * Reads a configuration file.
 *
 * @throws {UserError} with a line for each problem: file, line, what is wrong
 */
export async function readConfigFile(file: string, env: NodeJS.ProcessEnv): Promise<ConfigFile> {
  return parseConfig(await readText(file), relative(process.cwd(), file) || file, env);
}

async function readText(file: string): Promise<string> {
  try {
    const text = await readFile(file, "utf8");
    if (text.length > largest) throw new Error(`is larger than ${largest} bytes`);
    return text;
  } catch (cause) {
    throw new UserError(`${file}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** @param name the file's name, for messages */
export function parseConfig(text: string, name: string, env: Readonly<Record<string, string | undefined>>): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, stringKeys: true, prettyErrors: false });
  const at = (offset: number): string => `${name}:${lines.linePos(offset).line}`;
  const problems = document.errors.map((error) => `${at(error.pos[0])}: ${error.message}`);

  visit(document, {
    Alias(_, node) {
      if (node.resolve(document) !== undefined) return;
      problems.push(
        `${at(node.range?.[0] ?? 0)}: an alias without an anchor; put quotes around text that begins with *`,
      );
    },
    Scalar(key, node) {
      if (typeof node.value !== "string" || key === "key") return;
      try {
        node.value = interpolate(node.value, env);
      } catch (error) {
        if (!(error instanceof InterpolationError)) throw error;
        problems.push(`${at(node.range?.[0] ?? 0)}: ${error.message}`);
      }
    },
  });
  if (problems.length > 0) throw new UserError(problems.join("\n"));

  const found = sections(plain(document, name));
  if (typeof found === "string") throw new UserError(`${name}:1: ${found}`);

  function lineOf(path: string): string {
    let node: Node | null | undefined = document.contents;
    let offset = node?.range?.[0] ?? 0;
    for (let rest = path; isMap(node); ) {
      // The longest key that fits, since names of sources may have dots in them.
      const keys = node.items.map(({ key }) => (isScalar(key) ? String(key.value) : ""));
      const fitting = keys.filter((key) => `${rest}.`.startsWith(`${key}.`));
      const longest = fitting.toSorted((a, b) => a.length - b.length).at(-1);
      if (longest === undefined) break;
      const pair: (typeof node.items)[number] | undefined = node.items[keys.indexOf(longest)];
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      node = pair?.value as Node | null | undefined;
      rest = rest.slice(longest.length + 1);
    }
    return at(offset);
  }

  return { sources: new Map(Object.entries(found.sources)), retention: found.retention, triage: found.triage, lineOf };
}

function plain(document: Document.Parsed, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (cause) {
    throw new UserError(`${name}:1: ${messageOf(cause)}`, { cause });
  }
}

/** The sections that there are, or what is wrong. */
function sections(
  root: unknown,
):
  | { readonly sources: Readonly<Record<string, unknown>>; readonly retention: unknown; readonly triage: unknown }
  | string {
  if (!isRecord(root)) return "must be a mapping with the key `sources`";
  const { sources = {}, retention, triage, ...rest } = root;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `\`${unknown}\` is not a section; there are: sources, retention, triage`;
  if (!isRecord(sources)) return "`sources` must be a mapping from names to settings";
  const bare = Object.entries(sources).find(([, settings]) => !isRecord(settings));
  return bare === undefined ? { sources, retention, triage } : `sources.${bare[0]} must be a mapping of settings`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Problems of a file, each with its line. */
export function problemLines(problems: readonly Detail[], { lineOf }: ConfigFile): readonly string[] {
  return problems.map(({ path, message }) => `${lineOf(path)}: ${path} ${message}`);
}

/**
 * Takes the sources of a file over, and reads what it says besides; where something is wrong, nothing is taken over.
 *
 * @returns every problem with its line, none where all is well
 */
export function takeConfig(
  config: ConfigFile,
  sources: Pick<Sources, "takeFromFile">,
): { readonly problems: readonly string[]; readonly retention: RetentionPolicy; readonly outside: Outside } {
  const policy = readPolicy(config.retention);
  const outside = readOutside(config.triage);
  const wrong = [policy, outside].flatMap((checked) => ("details" in checked ? checked.details : []));
  const problems = sources.takeFromFile(config.sources, wrong);
  return {
    problems: problemLines(problems, config),
    retention: "value" in policy ? policy.value : presetPolicy,
    outside: "value" in outside ? outside.value : noOutside,
  };
}

export interface ConfigCheck {
  readonly file: string;
  readonly sources: readonly string[];
  readonly problems: readonly string[];
}

/** Checks the configuration file as the start of a gateway would, without starting one: `tw-cli config validate`. */
export async function checkConfigFile(settings: Settings, env: NodeJS.ProcessEnv): Promise<ConfigCheck> {
  const file = settings.configFile;
  try {
    const plugins = await loadPlugins(settings.pluginsFile);
    const config = await readConfigFile(file, env);
    const sources = new Sources({
      store: fixedStore(),
      plugins,
      sealer: sealer(Buffer.alloc(32)),
      now: () => new Date(),
    });
    const { problems } = takeConfig(config, sources);
    return { file, sources: [...config.sources.keys()], problems };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { file, sources: [], problems: error.message.split("\n") };
  }
}
