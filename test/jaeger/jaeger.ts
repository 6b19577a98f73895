/** A real Jaeger: found, or built by Go, and run on free ports with its traces in memory. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../core/errors.ts";
import { listen } from "../../core/listen.ts";
import { eventually } from "../support/eventually.ts";
import { madeOnce } from "../support/mongo/made-once.ts";
import { isProgram, printed, programOnPath } from "../support/mongo/programs.ts";

const run = promisify(execFile);
/** Jaeger 2 is developed under the first version's module path, and `cmd/jaeger` of this one is Jaeger 2. */
const module = "github.com/jaegertracing/jaeger/cmd/jaeger";
const version = "v1.76.0";
const oldestGo = 26;
const buildMs = 30 * 60_000;

export interface RunningJaeger extends AsyncDisposable {
  /** Of its query API. */
  readonly url: string;
  /** Where it takes OTLP over HTTP. */
  readonly otlpUrl: string;
}

export type FoundJaeger = { readonly program: string; readonly name: string } | { readonly reason: string };

/** `JAEGER_BIN`, else one on PATH, else one that Go has built before, or builds now, which takes minutes. */
export async function findJaeger(env: NodeJS.ProcessEnv): Promise<FoundJaeger> {
  const named = env.JAEGER_BIN;
  if (named)
    return isProgram(named) ? { program: named, name: named } : { reason: `JAEGER_BIN names no program: ${named}` };
  const onPath = programOnPath("jaeger", env);
  if (onPath !== undefined) return { program: onPath, name: `${onPath}, from PATH` };
  const go = programOnPath("go", env);
  if (go === undefined) return { reason: "there is neither JAEGER_BIN, nor jaeger or go on PATH" };
  const [, minor = "0"] = /go1\.(\d+)/.exec((await printed(go, ["version"], env)) ?? "") ?? [];
  if (Number(minor) < oldestGo) return { reason: `go is 1.${minor}, not 1.${oldestGo} or later` };
  const cache = join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "thruway-jaeger", version);
  try {
    return {
      program: join(await madeOnce(cache, (folder) => build(go, folder, env)), "jaeger"),
      name: `${version}, built`,
    };
  } catch (cause) {
    return { reason: `it could not be built: ${messageOf(cause)}` };
  }
}

async function build(go: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  console.error(`Building Jaeger ${version}, which takes some minutes…`);
  const place = await mkdtemp(join(tmpdir(), "thruway-jaeger-build-"));
  try {
    const options = { cwd: place, env: { ...env, GOFLAGS: "" }, timeout: buildMs };
    await run(go, ["mod", "init", "build"], options);
    await run(go, ["get", "-tool", `${module}@${version}`], options);
    await run(go, ["build", "-buildvcs=false", "-o", join(folder, "jaeger"), module], options);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** Runs it until the scope is left. @throws where it does not come up */
export async function startJaeger(program: string): Promise<RunningJaeger> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-jaeger-"));
  const [query, queryGrpc, http, grpc] = await freePorts(4);
  const url = `http://127.0.0.1:${query}`;
  await writeFile(join(folder, "jaeger.json"), JSON.stringify(configured({ query, queryGrpc, http, grpc })));
  const child = spawn(program, ["--config", join(folder, "jaeger.json")], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said = (said + text).slice(-4_000);
  });
  const ended = once(child, "close");
  async function stop(): Promise<void> {
    child.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
  try {
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`Jaeger ended (${child.exitCode}): ${said}`);
      return (await fetch(`${url}/api/services`).catch(() => undefined))?.ok || undefined;
    }, 60_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, otlpUrl: `http://127.0.0.1:${http}`, [Symbol.asyncDispose]: stop };
}

/** Several at once, so that none is given twice. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const urls = await Promise.all(servers.map((server) => listen(server, { host: "127.0.0.1", port: 0 })));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return urls.map((url) => Number(new URL(url).port));
}

function configured(ports: Readonly<Record<"query" | "queryGrpc" | "http" | "grpc", number | undefined>>): object {
  const at = (port: number | undefined): object => ({ endpoint: `127.0.0.1:${port}` });
  return {
    service: {
      extensions: ["jaeger_storage", "jaeger_query"],
      pipelines: { traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] } },
      telemetry: { metrics: { level: "none" }, logs: { level: "error" } },
    },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: 100_000 } } } },
      jaeger_query: { storage: { traces: "memory" }, http: at(ports.query), grpc: at(ports.queryGrpc) },
    },
    receivers: { otlp: { protocols: { http: at(ports.http), grpc: at(ports.grpc) } } },
    exporters: { jaeger_storage_exporter: { trace_storage: "memory" } },
  };
}
