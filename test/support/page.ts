/** Runs the commands of a page of the documentation as a reader would. CONTRIBUTING.md says how a page is written for it. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { eventually } from "./eventually.ts";
import { type Block, blocksOf, readPage, root } from "./markdown.ts";
import { openShell, type Shell, startGatewayOf } from "./shell.ts";

/** A folder that a page's commands run in, and what they find around them. */
export interface Place extends AsyncDisposable {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface Walk {
  /** The gateway that the page calls http://localhost:8080, until a block of its own starts one. */
  readonly url?: string;
  /** What is run instead of a block. */
  readonly rewrite?: (command: string) => string;
}

/** Languages that only show something. What a reader would run stands in a block of `bash`, so that nothing escapes the test. */
const shownOnly = new Set(["json", "yaml", "ts", "text"]);

/**
 * Walks through a page: writes its files, runs its commands in one shell, compares its output.
 *
 * @throws {AssertionError} that names the line of the page
 */
export async function walkThrough(page: string, place: Place, walk: Walk = {}): Promise<void> {
  const shell = openShell(place.folder, place.env);
  const reader: Reader = { place, walk, shell, url: walk.url, closing: [shell.close], last: undefined };
  try {
    for (const block of blocksOf(await readPage(page))) await follow(block, reader, `${page}:${block.line}`);
  } finally {
    for (const close of reader.closing.reverse()) await close();
  }
}

interface Reader {
  readonly place: Place;
  readonly walk: Walk;
  readonly shell: Shell;
  readonly closing: (() => Promise<void>)[];
  url: string | undefined;
  /** What was run last; `again` gives what it prints when it is run once more. */
  last: { readonly output: string; readonly again: (() => Promise<string>) | undefined } | undefined;
}

async function follow(block: Block, reader: Reader, where: string): Promise<void> {
  const { language, attributes, text } = block;
  const file = attributes.get("file");
  if (file !== undefined) return write(join(reader.place.folder, file), text);
  if (language === "console") return compare(text, reader, where);
  if (language !== "bash") {
    return assert.ok(shownOnly.has(language), `${where} is in "${language}", which is neither run nor known`);
  }
  if (attributes.has("stays")) return stay(text, reader);
  const run = (): Promise<string> => runCommands(text, reader, where);
  if (!attributes.has("again")) reader.last = { output: await run(), again: undefined };
  // What it asks for may not be there yet.
  else reader.last = { output: await run().catch(() => eventually(() => run().catch(() => undefined))), again: run };
}

async function write(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}

async function stay(command: string, reader: Reader): Promise<void> {
  const gateway = await startGatewayOf(command, reader.place.folder, reader.place.env);
  reader.closing.push(gateway.close);
  reader.url = gateway.url;
  await reader.shell.run(`export TW_API_URL=${gateway.url}`);
}

async function runCommands(text: string, { shell, walk, url }: Reader, where: string): Promise<string> {
  const year = new Date().getUTCFullYear();
  const commands = (walk.rewrite?.(text) ?? text)
    .replaceAll("INC-2026-", `INC-${year}-`)
    .replaceAll("http://localhost:8080", url ?? "$&");
  const { output, ok } = await shell.run(commands);
  assert.ok(ok, `${where} failed:\n${text}${output}`);
  return `${output}\n`;
}

async function compare(shown: string, { last }: Reader, where: string): Promise<void> {
  assert.ok(last !== undefined, `${where} shows the output of no command`);
  const pattern = patternOf(shown);
  if (pattern.test(last.output)) return;
  const { again } = last;
  assert.ok(again, `${where} shows\n${shown}which is not in what the command above it printed:\n${last.output}`);
  await eventually(async () => pattern.test(await again()) || undefined);
}

const uuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const variable = new RegExp(`…|${uuid}|[0-9a-f]{64}|https?://[\\w.]+:\\d+|\\d+(?:\\.\\d+)?| +`, "g");

/**
 * Lines that must have been printed, in this order: a number stands for any number, an id for any id (the same one for the
 * same), an address for any, `…` for what is left out.
 */
function patternOf(shown: string): RegExp {
  const ids: string[] = [];
  const lines = shown.trimEnd().split("\n");
  const patterns = lines.map((line) =>
    line.trim() === "…" ? "(?:.*\n)*?" : `${patternOfLine(line.trimEnd(), ids)} *\n`,
  );
  return new RegExp(`^${patterns.join("")}`, "m");
}

function patternOfLine(line: string, ids: string[]): string {
  let pattern = "";
  let from = 0;
  for (const { 0: found, index } of line.matchAll(variable)) {
    pattern += RegExp.escape(line.slice(from, index)) + patternOfKind(found, ids);
    from = index + found.length;
  }
  return pattern + RegExp.escape(line.slice(from));
}

function patternOfKind(found: string, ids: string[]): string {
  if (found === "…") return ".*";
  if (found.startsWith(" ")) return " +";
  if (found.startsWith("http")) return "https?://[\\w.]+:\\d+";
  if (!found.includes("-")) return found.length === 64 ? found : "\\d+(?:\\.\\d+)?";
  const seen = ids.indexOf(found);
  return seen < 0 ? `(?<id${ids.push(found) - 1}>${uuid})` : `\\k<id${seen}>`;
}

/** Those of the programs that a page needs which are not on this machine. */
export function missing(...programs: readonly string[]): readonly string[] {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return programs.filter((program) => !folders.some((folder) => existsSync(join(folder, program))));
}

/** An empty folder, with `tw-cli` on the path. */
export async function anEmptyFolder(env: NodeJS.ProcessEnv = {}): Promise<Place> {
  const home = await mkdtemp(join(tmpdir(), "thruway-test-page-"));
  const [folder, bin] = [join(home, "here"), join(home, "bin")];
  await Promise.all([mkdir(folder), mkdir(bin)]);
  const launcher = `#!/bin/sh\nexec '${process.execPath}' '${join(root, "bin/tw-cli.js")}' "$@"\n`;
  await writeFile(join(bin, "tw-cli"), launcher, { mode: 0o755 });
  const found = newcomer();
  return {
    folder,
    env: { ...found, PATH: `${bin}${delimiter}${found.PATH}`, ...env },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

const left = new Set(["node_modules", "data", ".git", ".scratch", "webhook_config.yaml"]);

/** A copy of the checkout as it is after `npm ci`: a newcomer's, with no data and no configuration. */
export async function aCheckout(): Promise<Place> {
  const home = await mkdtemp(join(tmpdir(), "thruway-test-page-"));
  const folder = join(home, "thruway");
  await cp(root, folder, {
    recursive: true,
    filter: (path) =>
      !relative(root, path)
        .split("/")
        .some((part) => left.has(part)),
  });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    env: { ...newcomer(), TW_PORT: "0", npm_config_cache: join(home, "npm"), npm_config_offline: "true" },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

const execute = promisify(execFile);

/** Holds code that a page shows to the format, the lint rules and the types of the checkout that it was written into. */
export async function checkCode(checkout: string, path: string): Promise<void> {
  const run = (tool: string, ...args: readonly string[]): Promise<unknown> =>
    execute(join(root, "node_modules/.bin", tool), args, { cwd: checkout });
  await run("biome", "check", "--colors=off", path);
  const project = join(checkout, "tsconfig.page.json");
  await writeFile(project, JSON.stringify({ extends: "./tsconfig.json", include: [path, "core/types"] }));
  await run("tsc", "-p", project);
}

/** What a newcomer's shell has: nothing of a test run, and not the Node of this checkout. */
function newcomer(): NodeJS.ProcessEnv {
  const { PATH = "", HOME, TMPDIR, LANG } = process.env;
  const own = join(root, "node_modules");
  const folders = PATH.split(delimiter).filter((folder) => !folder.startsWith(own));
  return { PATH: folders.join(delimiter), HOME, TMPDIR, LANG };
}
