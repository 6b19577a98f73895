/** `tw-cli serve` as a process, for what only a process can show: its start, its stop, its sudden end. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, watch } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { eventually } from "./eventually.ts";
import { type Answered, testSecret } from "./gateway.ts";
import { keepLogged, keepSecrets, keepSecretsIn } from "./logged.ts";

const bin = resolve(import.meta.dirname, "../../bin/tw-cli.js");

/** A line of the log. */
export interface LogLine {
  readonly msg: string;
  readonly level: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on the shape of what came
  readonly [field: string]: any;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Whatever becomes of it. Leaving its scope kills it. */
export interface Serving extends AsyncDisposable {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** What it has logged so far. */
  readonly lines: () => readonly LogLine[];
  /** Once it has ended and everything that it printed is read. */
  readonly exit: Promise<Exit>;
  signal(name: NodeJS.Signals): void;
}

/** One that has said that it takes webhooks. */
export interface ServingGateway extends Serving {
  readonly url: string;
  readonly token: string;
  api(method: string, path: string, body?: unknown): Promise<Answered>;
}

export interface Folder extends AsyncDisposable {
  readonly path: string;
}

/** An empty folder that is gone with the scope. */
export async function aFolder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "thruway-test-serve-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/**
 * Starts a gateway and waits for nothing. Of this process's environment it gets only what a program needs.
 *
 * @param env settings; without `TW_PORT` it takes a free port
 * @param options of `tw-cli serve`
 * @param node what it is started with, and its flags, instead of the Node that runs this
 */
export function serve(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
  options: readonly string[] = [],
  node: readonly string[] = [],
): Serving {
  return started(["serve", ...options], dataDir, { TW_PORT: "0", ...env }, node);
}

/** Starts a command of `tw-cli` that stays up, like `serve`. */
export function started(
  argv: readonly string[],
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
  node: readonly string[] = [],
): Serving {
  const { PATH, HOME, TMPDIR } = process.env;
  const [command = process.execPath, ...flags] = node;
  const child = spawn(command, [...flags, bin, ...argv], {
    cwd: dirname(dataDir),
    env: { PATH, HOME, TMPDIR, TW_DATA_DIR: dataDir, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  keepSecretsIn(env);
  const exit = exitOf(child).then((ended) => {
    keepLogged(stdout() + stderr());
    return ended;
  });
  return {
    stdout,
    stderr,
    lines: () => linesOf(stdout()),
    exit,
    signal: (name) => void child.kill(name),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}

/** Starts a gateway that is to run; with `serve`'s parameters. */
export async function running(...given: Parameters<typeof serve>): Promise<ServingGateway> {
  const serving = serve(...given);
  const [dataDir, env] = given;
  const url = await listening(serving);
  const token = env?.TW_ADMIN_TOKEN ?? (await readFile(join(dataDir, "admin.token"), "utf8")).trim();
  keepSecrets(token);
  return {
    ...serving,
    url,
    token,
    async api(method, path, body) {
      keepSecretsIn(body);
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
    },
  };
}

/** Its address, once it says so. One that does not start is ended here. */
async function listening(serving: Serving): Promise<string> {
  const gone = serving.exit.then(({ code, signal }) => `exit ${code ?? signal}: ${serving.stderr()}`);
  try {
    return await eventually(async () => {
      const failed = await Promise.race([gone, setImmediate(undefined)]);
      assert.equal(failed, undefined);
      return /"url":"(http:[^"]+)"/.exec(serving.stdout())?.[1];
    });
  } catch (error) {
    await serving[Symbol.asyncDispose]();
    throw error;
  }
}

export async function register(
  gateway: ServingGateway,
  source: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const { status, body } = await gateway.api("POST", "/api/webhooks", { source, secret: testSecret, ...fields });
  assert.equal(status, 201, JSON.stringify(body));
}

/** What these tests read of an incident. */
export interface Shown {
  readonly id: string;
  readonly number: string;
  readonly external_id: string;
  readonly occurrences: number;
}

/** Every incident, page by page. */
export async function allIncidents(gateway: ServingGateway): Promise<readonly Shown[]> {
  const found: Shown[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { status, body } = await gateway.api("GET", `/api/incidents?limit=200${cursor && `&cursor=${cursor}`}`);
    assert.equal(status, 200, JSON.stringify(body));
    found.push(...body.data);
    cursor = body.meta.next_cursor;
  }
  return found;
}

/** Resolves as soon as a file of such a name is made in `folder`, which must be there already. */
export async function appears(folder: string, name: RegExp): Promise<void> {
  for await (const { filename } of watch(folder, { signal: AbortSignal.timeout(20_000) })) {
    if (name.test(filename ?? "")) return;
  }
}

/** Those that are whole. */
function linesOf(text: string): readonly LogLine[] {
  return text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let all = "";
  stream.setEncoding("utf8").on("data", (text: string) => {
    all += text;
  });
  return () => all;
}

async function exitOf(child: ChildProcess): Promise<Exit> {
  const [code, signal] = await once(child, "close");
  return { code, signal };
}
