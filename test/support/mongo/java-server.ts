/** mongo-java-server: in memory, another implementation of MongoDB's wire protocol, from Maven Central. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { messageOf } from "../../../core/errors.ts";
import { root } from "../markdown.ts";
import { startChild } from "./child-server.ts";
import type { Found } from "./found.ts";
import { madeOnce } from "./made-once.ts";
import { printed, programOnPath } from "./programs.ts";

const run = promisify(execFile);
const version = "1.47.0";
const oldestJava = 17;
const cache = join(root, "node_modules/.cache/thruway-mongo-java-server", version);

/** Starts one, where there are `mvn` and a Java that runs it. */
export async function javaServer(env: NodeJS.ProcessEnv): Promise<Found> {
  const [mvn, java] = [programOnPath("mvn", env), programOnPath("java", env)];
  if (mvn === undefined || java === undefined) return { reason: `there is no ${mvn ? "java" : "mvn"} on PATH` };
  const found = /version "(\d+)/.exec((await printed(java, ["-version"], env)) ?? "")?.[1];
  if (Number(found ?? 0) < oldestJava) return { reason: `Java is ${found ?? "broken"}, not ${oldestJava} or later` };
  try {
    const lib = await madeOnce(cache, (folder) => copyJars(mvn, folder, env));
    const main = join(import.meta.dirname, "Server.java");
    // It lives for seconds: the flags make it start sooner.
    const quick = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g"];
    const server = await startChild(java, [...quick, "-cp", join(lib, "*"), main, "0"], env);
    return {
      uri: `mongodb://127.0.0.1:${server.port}/?directConnection=true`,
      name: `mongo-java-server ${version} (in memory)`,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (cause) {
    return { reason: `mongo-java-server did not start: ${messageOf(cause)}` };
  }
}

async function copyJars(mvn: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const pom = join(import.meta.dirname, "pom.xml");
  const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${folder}`];
  try {
    await run(mvn, ["-q", "-B", "-f", pom, ...goal], { env, timeout: 300_000 });
  } catch (cause) {
    // Maven writes its errors to stdout.
    const { stdout = "" } = cause as { readonly stdout?: string };
    throw new Error(`mvn: ${/\[ERROR\].*/.exec(stdout)?.[0] ?? messageOf(cause)}`, { cause });
  }
}
