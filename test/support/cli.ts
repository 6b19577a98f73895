/**
 * `tw-cli` as a process of its own, against a gateway that every test of a file shares; importing this starts it.
 */
import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { after, before } from "node:test";
import { aGateway, type TestGateway, testSecret } from "./gateway.ts";
import { keepLinesOf } from "./logged.ts";

export { eventually } from "./eventually.ts";

export const bin = resolve(import.meta.dirname, "../../bin/tw-cli.js");

export let gateway: TestGateway;
export let folder: string;

before(async () => {
  gateway = await aGateway();
  folder = await mkdtemp(join(tmpdir(), "thruway-test-cli-"));
});
after(async () => {
  await gateway[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly entry?: string;
  readonly cwd?: string;
}

/** An environment in which nothing but what a test says tells the CLI where the gateway is. */
function bare(): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, HOME, TMPDIR };
}

export function start(
  argv: readonly string[],
  { env, entry = bin, cwd = folder }: RunOptions = {},
): ChildProcessWithoutNullStreams {
  const where = { TW_API_URL: gateway.url, TW_DATA_DIR: gateway.dataDir };
  return spawn(process.execPath, [entry, ...argv], { cwd, env: { ...bare(), ...(env ?? where) } });
}

export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const child = start(argv, options);
  child.stdin.end(options.stdin ?? "");
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  keepLinesOf(stdout);
  return { code, stdout, stderr };
}

/** Runs `tw-cli` with the words of a line. */
export function cli(line: string, options: RunOptions = {}): Promise<Ran> {
  return run(line.split(" "), options);
}

/** What a command prints with `--json`. */
export async function json(line: string, options: RunOptions = {}): Promise<ReturnType<typeof JSON.parse>> {
  const { code, stdout, stderr } = await cli(`${line} --json`, options);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

export async function register(source: string, fields: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const { status, body } = await gateway.api("POST", "/api/webhooks", { source, secret: testSecret, ...fields });
  assert.equal(status, 201, JSON.stringify(body));
}

/** The JSON of an alert in the generic format. */
export function alert(id: string, severity: string): string {
  return JSON.stringify({ event_type: "security_alert", data: { alert_id: id, severity, title: `Alert ${id}` } });
}

export async function misused(line: string): Promise<Ran> {
  const ran = await cli(line);
  assert.equal(ran.code, 2, `${line}: ${ran.stderr}`);
  assert.equal(ran.stdout, "");
  assert.match(ran.stderr, /^error: /);
  return ran;
}
