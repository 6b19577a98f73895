/**
 * `npm run bench`: what the whole job costs beside a bare handler, in one run on one machine. The servers take turns, round by
 * round, and the ratio is taken within a round, so that a noisy neighbour hits both. Options: --rounds N --seconds N
 * --stored N (incidents that the full store starts with; 0 leaves that row out) --only PATTERN (of the names of rows).
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import Table from "cli-table3";
import manifest from "../package.json" with { type: "json" };
import { eventually } from "../test/support/eventually.ts";
import { mongoServer } from "../test/support/mongo/server.ts";
import { withDatabase } from "../test/support/mongo/uri.ts";
import { benchSecret, benchSource } from "./events.ts";
import { fill } from "./fill.ts";
import type { LoadOrder, LoadResult } from "./load.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "6" },
    stored: { type: "string", default: "1000000" },
    only: { type: "string", default: "" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const stored = Number(values.stored);
const only = new RegExp(values.only);
const emptyName = "gateway, empty store";
/** What is counted and logged by default, against that. */
const without = {
  "gateway, no metrics": { TW_METRICS: "off" },
  "gateway, no metrics, no log": { TW_METRICS: "off", TW_LOG_LEVEL: "silent" },
};
const fullName = `gateway, ${stored} incidents stored`;
const tracedName = "gateway, 10 % traced";
const connections = 64;
const warmUpSeconds = 2;
/** More requests than any server here answers in the time; prepared before the clock starts. */
const requestsPerSecond = 20_000;
const ticksPerSecond = 100;

interface Subject {
  readonly name: string;
  readonly child: ChildProcess;
  readonly port: number;
  from: number;
  readonly runs: Run[];
}
interface Run extends LoadResult {
  readonly perSecond: number;
  readonly cpuMs: number;
}

/** As `npm start` runs it. */
const startFlags = manifest.scripts.start.match(/--\S+/g) ?? [];
const cli = resolve(import.meta.dirname, "../bin/tw-cli.js");

const folder = await mkdtemp(join(tmpdir(), "thruway-bench-"));
const children: ChildProcess[] = [];
const quiet = openSync("/dev/null", "w");
try {
  const subjects: Subject[] = [];
  const row = async (name: string, start: (name: string) => Promise<Subject>): Promise<void> => {
    if (only.test(name)) subjects.push(await start(name));
  };
  await row("bare @koa/router handler", bare);
  await row(emptyName, (name) => gateway(name, join(folder, "empty"), 0));
  for (const [name, settings] of Object.entries(without)) {
    await row(name, () => gateway(name, join(folder, name), 0, settings));
  }
  await row(tracedName, async (name) => gateway(name, join(folder, "traced"), 0, await traced()));
  await row("gateway, 2 workers", (name) => workers(name, join(folder, "workers"), 2));
  const wantsMongo = ["MongoDB", "mongo-java-server"].some((name) => only.test(`gateway, ${name}`));
  const mongo = wantsMongo ? await mongoServer() : { reason: "not among --only" };
  if ("uri" in mongo) {
    const url = withDatabase(mongo.uri, `thruway-bench-${process.pid}`);
    await row(`gateway, ${mongo.name}`, (name) => gateway(name, join(folder, "mongo"), 0, { TW_STORE_URL: url }));
  } else {
    console.error(`No row for MongoDB: ${mongo.reason}`);
  }
  if (stored > 0 && only.test(fullName)) {
    const full = join(folder, "full");
    console.error(`Storing ${stored} incidents…`);
    await fill(join(full, "thruway.db"), stored);
    subjects.push(await gateway(fullName, full, stored));
  }
  for (const subject of subjects) await measure(subject, warmUpSeconds);
  for (let round = 1; round <= rounds; round++) {
    for (const subject of subjects) {
      const run = await measure(subject, seconds);
      subject.runs.push(run);
      console.error(`round ${round}: ${subject.name}: ${Math.round(run.perSecond)} a second`);
      if (run.accepted !== run.answered)
        throw new Error(`${subject.name}: ${run.answered - run.accepted} were not accepted`);
    }
  }
  report(subjects);
} finally {
  for (const child of children) {
    child.kill("SIGTERM");
    if (child.exitCode === null) await once(child, "exit");
  }
  closeSync(quiet);
  await rm(folder, { recursive: true, force: true });
}

async function start(name: string, file: string, env: NodeJS.ProcessEnv, from: number): Promise<Subject> {
  const child = fork(resolve(import.meta.dirname, file), {
    env,
    execArgv: startFlags,
    stdio: ["ignore", quiet, "inherit", "ipc"],
  });
  children.push(child);
  const [message] = (await once(child, "message")) as [{ readonly port: number }];
  return { name, child, port: message.port, from, runs: [] };
}

function bare(name: string): Promise<Subject> {
  return start(name, "bare.ts", process.env, 0);
}

async function gateway(
  name: string,
  dataDir: string,
  from: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Subject> {
  const env = { PATH: process.env.PATH, TW_DATA_DIR: dataDir, TW_PORT: "0", ...profiled(), ...settings };
  return registered(await start(name, "gateway.ts", env, from), dataDir);
}

/** An OTLP exporter, and somebody who takes what it sends. */
async function traced(): Promise<Readonly<Record<string, string>>> {
  const { port } = await start("OTLP sink", "otlp-sink.ts", process.env, 0);
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_TRACES_SAMPLER_ARG: "0.1" };
}

/** `tw-cli serve --workers`, with its log into nothing. */
async function workers(name: string, dataDir: string, count: number): Promise<Subject> {
  const port = await freePort();
  const env = { PATH: process.env.PATH, TW_DATA_DIR: dataDir, TW_PORT: String(port) };
  const child = spawn(process.execPath, [...startFlags, cli, "serve", "--workers", String(count)], {
    env,
    stdio: ["ignore", quiet, "inherit"],
  });
  children.push(child);
  await eventually(
    async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok || undefined,
  );
  const subject = await registered({ name, child, port, from: 0, runs: [] }, dataDir);
  // Each worker has to hear of the source.
  await setTimeout(2_000);
  return subject;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function registered(subject: Subject, dataDir: string): Promise<Subject> {
  const token = readFileSync(join(dataDir, "admin.token"), "utf8").trim();
  const response = await fetch(`http://127.0.0.1:${subject.port}/api/webhooks`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ source: benchSource, plugin: "crowdstrike", secret: benchSecret }),
  });
  if (response.status !== 201) throw new Error(await response.text());
  // As Prometheus does: from the first time on the event loop and the garbage collector are watched.
  await (await fetch(`http://127.0.0.1:${subject.port}/metrics`)).text();
  return subject;
}

/** `BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=…"` profiles the gateways. */
function profiled(): NodeJS.ProcessEnv {
  const options = process.env.BENCH_NODE_OPTIONS;
  return options === undefined ? {} : { NODE_OPTIONS: options };
}

async function measure(subject: Subject, forSeconds: number): Promise<Run> {
  const count = Math.ceil(requestsPerSecond * forSeconds);
  const order: LoadOrder = { port: subject.port, connections, from: subject.from, count, seconds: forSeconds };
  subject.from += count;
  const load = fork(resolve(import.meta.dirname, "load.ts"), [JSON.stringify(order)]);
  children.push(load);
  await once(load, "message");
  const before = cpuSeconds(subject.child);
  load.send("go");
  const [result] = (await once(load, "message")) as [LoadResult];
  const cpu = cpuSeconds(subject.child) - before;
  return { ...result, perSecond: result.answered / result.seconds, cpuMs: (cpu * 1000) / result.answered };
}

/** User and system time of all threads of a process and its children: proc(5), fields 14 and 15. */
function cpuSeconds({ pid }: ChildProcess): number {
  return sum(familyOf(pid), (each) => {
    const fields = readFileSync(`/proc/${each}/stat`, "latin1")
      .replace(/^.*\) /s, "")
      .split(" ");
    return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  });
}

function peakMegabytes({ pid }: ChildProcess): number {
  return sum(
    familyOf(pid),
    (each) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${each}/status`, "latin1"))?.[1]) / 1024,
  );
}

function familyOf(pid: number | undefined): readonly number[] {
  if (pid === undefined) return [];
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "latin1").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(familyOf)];
}

function sum(all: readonly number[], of: (each: number) => number): number {
  return all.reduce((total, each) => total + of(each), 0);
}

function report(subjects: readonly Subject[]): void {
  const table = new Table({
    head: ["", "a second", "ratio", "CPU ms each", "p50 ms", "p95 ms", "p99 ms", "peak MB"],
    style: { head: [], border: [] },
  });
  const [baseline] = subjects;
  for (const { name, runs, child } of subjects) {
    const figure = (pick: (run: Run, round: number) => number, digits: number): string =>
      median(runs.map(pick)).toFixed(digits);
    table.push([
      name,
      figure((run) => run.perSecond, 0),
      figure((run, round) => run.perSecond / (baseline?.runs[round]?.perSecond ?? 0), 2),
      figure((run) => run.cpuMs, 3),
      figure((run) => run.p50, 1),
      figure((run) => run.p95, 1),
      figure((run) => run.p99, 1),
      peakMegabytes(child).toFixed(0),
    ]);
  }
  const [cpu] = cpus();
  console.log(
    `${connections} connections, ${rounds} rounds of ${seconds} s, medians; ${cpus().length} × ${cpu?.model}, Node ${process.version}`,
  );
  console.log(table.toString());
  const named = (name: string): Subject | undefined => subjects.find((each) => each.name === name);
  const against = (what: string, one: Subject | undefined, other: Subject | undefined): void => {
    if (one === undefined || other === undefined) return;
    const rate = one.runs.map((run, round) => run.perSecond / (other.runs[round]?.perSecond ?? 0));
    const cpu = one.runs.map((run, round) => run.cpuMs / (other.runs[round]?.cpuMs ?? 0));
    console.log(`${what}: ${median(rate).toFixed(2)} of the rate, ${median(cpu).toFixed(2)} of the CPU of each`);
  };
  against("full store against empty store", named(fullName), named(emptyName));
  for (const name of Object.keys(without)) against(`by default against ${name}`, named(emptyName), named(name));
  against("10 % traced against not traced", named(tracedName), named(emptyName));
}

function median(all: readonly number[]): number {
  const sorted = all.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
