/** The playbooks that there are: read from folders, one file each, and checked together, since they may extend each other. */
import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { messageOf } from "../errors.ts";
import type { Incident } from "../incidents/incident.ts";
import type { Actions } from "./compile.ts";
import { filesIn } from "./lists.ts";
import { type Mistake, parsePlaybook, readYaml } from "./parse.ts";
import type { Playbook } from "./playbook.ts";
import { own } from "./values.ts";

/** Where a playbook comes from: what ships, the operator's folder, or the API. Each takes the place of those before it. */
export const origins = ["shipped", "api", "folder"] as const;
export type Origin = (typeof origins)[number];

/** The text of a playbook. */
export interface PlaybookText {
  /** For messages: the file, or the name. */
  readonly file: string;
  readonly text: string;
  readonly origin: Origin;
}

/** A playbook, or what is wrong with it. */
export interface Listed extends PlaybookText {
  readonly name: string;
  readonly playbook: Playbook | undefined;
  readonly mistakes: readonly Mistake[];
}

export interface Library {
  /** In the order of their names. */
  readonly all: readonly Listed[];
  get(name: string): Playbook | undefined;
  /** The one whose triggers fit an incident, where no source names one; the one that asks for most wins. */
  choose(incident: Incident): Playbook | undefined;
}

/** Where the playbooks that ship are. */
export const shippedPlaybooks = resolve(import.meta.dirname, "../../playbooks");

/** Reads what ships and what is in the operator's folder, which may be the same. @throws where a file cannot be read */
export async function readTexts(folder: string): Promise<readonly PlaybookText[]> {
  const shipped = await readFolder(shippedPlaybooks, "shipped");
  return resolve(folder) === shippedPlaybooks ? shipped : [...shipped, ...(await readFolder(folder, "folder"))];
}

/** Reads the playbooks of a folder. @throws where one cannot be read */
export async function readFolder(folder: string, origin: Origin): Promise<readonly PlaybookText[]> {
  const files = await filesIn(folder, [".yaml", ".yml"]);
  return Promise.all(files.map(async (file) => ({ file, text: await readFile(file, "utf8"), origin })));
}

/** Checks playbooks together. Of two of one name the one of the later origin stands. */
export function libraryOf(texts: readonly PlaybookText[], actions: Actions): Library {
  const byName = new Map<string, PlaybookText & { readonly raw: unknown; readonly twin?: string }>();
  const sorted = texts.toSorted((a, b) => origins.indexOf(a.origin) - origins.indexOf(b.origin));
  for (const each of sorted) {
    const read = readYaml(each.text);
    const raw = "value" in read ? read.value : undefined;
    const said = own(raw, "name");
    const name = typeof said === "string" ? said : fileName(each.file);
    const before = byName.get(name);
    const twin = before !== undefined && areTwins(before, each) ? before.file : undefined;
    byName.set(name, { ...each, raw, ...(twin !== undefined && { twin }) });
  }
  const find = (name: string): unknown => byName.get(name)?.raw;
  const all = [...byName].map(([name, { raw: _, twin, ...text }]): Listed => {
    if (twin !== undefined) {
      const message = `another file of its folder has a playbook "${name}": ${basename(twin)}`;
      return { ...text, name, playbook: undefined, mistakes: [{ line: 1, column: 1, path: "name", message }] };
    }
    const parsed = checked(text.text, actions, find);
    const playbook = "playbook" in parsed ? parsed.playbook : undefined;
    return { ...text, name, playbook, mistakes: "mistakes" in parsed ? parsed.mistakes : [] };
  });
  const playbooks = new Map(all.map(({ name, playbook }) => [name, playbook]));
  return {
    all: all.toSorted((a, b) => a.name.localeCompare(b.name)),
    get: (name) => playbooks.get(name),
    choose: (incident) =>
      all
        .map(({ playbook }) => playbook)
        .filter((playbook) => playbook !== undefined)
        .map((playbook) => ({ playbook, fit: fitOf(playbook, incident) }))
        .filter(({ fit }) => fit > 0)
        .toSorted((a, b) => b.fit - a.fit || a.playbook.name.localeCompare(b.playbook.name))[0]?.playbook,
  };
}

/** Of two files in one folder nobody knows which one is meant; one elsewhere is meant to take the place of another. */
function areTwins(one: PlaybookText, other: PlaybookText): boolean {
  if (one.origin === "api" || one.origin !== other.origin) return false;
  const [path, otherPath] = [resolve(one.file), resolve(other.file)];
  return path !== otherPath && dirname(path) === dirname(otherPath);
}

function checked(text: string, actions: Actions, find: (name: string) => unknown): ReturnType<typeof parsePlaybook> {
  try {
    return parsePlaybook(text, actions, find);
  } catch (error) {
    return { mistakes: [{ line: 1, column: 1, path: "", message: messageOf(error) }] };
  }
}

/** How many of its triggers an incident meets; 0 where one is not met, and where it has none. */
function fitOf({ definition }: Playbook, { source, type, severity }: Incident): number {
  const { sources, types, severities } = definition.triggers ?? {};
  const asked = [
    [sources, source],
    [types, type],
    [severities, severity],
  ] as const;
  const said = asked.filter(([values]) => values !== undefined);
  return said.every(([values, value]) => (values as readonly string[]).includes(value)) ? said.length : 0;
}

/** `phishing_triage` of `playbooks/phishing_triage.yaml`. */
export function fileName(file: string): string {
  return basename(file).replace(/\.ya?ml$/, "");
}

/** `file:line:column: message`, for each mistake. */
export function mistakeLines(file: string, mistakes: readonly Mistake[]): readonly string[] {
  return mistakes.map(({ line, column, path, message }) =>
    `${file}:${line}:${column}: ${path === "" ? "" : `${path} `}${message}`.trim(),
  );
}
