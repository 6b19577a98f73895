/**
 * A program: `node mongod-main.ts <mongod>` runs it on a free port of the loopback interface, as a replica set of one, in a
 * folder that goes with it. Prints the port once writes are taken, and ends when its standard input does.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MongoClient } from "mongodb";
import { eventually } from "../eventually.ts";

const [binary = ""] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "thruway-test-mongod-"));
const port = await freePort();
const set = "thruway-test";
const mongod = spawn(
  binary,
  ["--bind_ip", "127.0.0.1", "--port", String(port), "--dbpath", folder, "--replSet", set],
  // Its log goes to where the reason of a failed start is read from.
  { stdio: ["ignore", process.stderr, process.stderr] },
);
const ended = once(mongod, "close");
const kill = (): void => void mongod.kill("SIGKILL");

process.stdin.on("end", kill).resume();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, kill);
try {
  await Promise.race([initiated(), ended.then(() => Promise.reject(new Error("mongod ended before it took writes")))]);
  process.stdout.write(`${port}\n`);
  await ended;
} finally {
  kill();
  await ended.catch(() => {});
  await rm(folder, { recursive: true, force: true });
}

/** Resolves when it has elected itself: from then on it takes writes. */
async function initiated(): Promise<void> {
  const uri = `mongodb://127.0.0.1:${port}/?directConnection=true&serverSelectionTimeoutMS=30000`;
  await using client = await new MongoClient(uri).connect();
  const admin = client.db("admin");
  await admin.command({ replSetInitiate: { _id: set, members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
  await eventually(async () => ((await admin.command({ hello: 1 })).isWritablePrimary === true ? true : undefined));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}
