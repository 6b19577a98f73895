/** The MongoDB server that the tests of a run share. CONTRIBUTING.md says where it comes from. */
import { MongoClient } from "mongodb";
import { messageOf } from "../../../core/errors.ts";
import type { Found, MongoServer, NoMongo } from "./found.ts";
import { javaServer } from "./java-server.ts";
import { mongod } from "./mongod.ts";

/** Where the process that ran first leaves to the others what it found. */
const variable = "TW_TEST_MONGODB";

/** The driver waits for 30 s, where the URI does not say it. */
const patience = "serverSelectionTimeoutMS";

/** In the order in which they are tried. */
const ways: readonly ((env: NodeJS.ProcessEnv) => Promise<Found>)[] = [given, mongod, javaServer];

/**
 * Looks for a MongoDB server, and starts one where that is what it takes.
 *
 * @throws {Error} where `MONGODB_URI` names one that does not answer: whoever sets it wants that one
 */
export async function findMongo(env: NodeJS.ProcessEnv): Promise<Found> {
  const reasons: string[] = [];
  for (const way of ways) {
    const found = await way(env);
    if ("uri" in found) return found;
    reasons.push(found.reason);
  }
  return { reason: reasons.join("; ") };
}

async function given({ MONGODB_URI: uri }: NodeJS.ProcessEnv): Promise<Found> {
  if (!uri) return { reason: "MONGODB_URI is not set" };
  try {
    await using client = new MongoClient(uri, uri.includes(patience) ? {} : { [patience]: 5_000 });
    const { version } = await client.db("admin").command({ buildInfo: 1 });
    return { uri, name: `MongoDB ${version} of MONGODB_URI`, async [Symbol.asyncDispose]() {} };
  } catch (cause) {
    throw new Error(`MONGODB_URI: ${messageOf(cause)}; start that server, or unset the variable`, { cause });
  }
}

/**
 * Finds a server for every test process that is started from this one, and says in one line which it is, or that there is none.
 *
 * @throws {Error} where there is none and `MONGODB_REQUIRED=1`
 */
export async function provideMongo(env: NodeJS.ProcessEnv): Promise<Found> {
  const found = await findMongo(env);
  const line = "uri" in found ? `MongoDB of the tests: ${found.name}` : notRun(found.reason);
  if (!("uri" in found) && env.MONGODB_REQUIRED === "1") throw new Error(`MONGODB_REQUIRED=1, but ${line}`);
  process.stderr.write(`${line}\n`);
  env[variable] = JSON.stringify(found);
  return found;
}

function notRun(reason: string): string {
  const why = reason.replaceAll(/\s+/g, " ");
  return `THE TESTS OF MONGODB ARE NOT RUN: ${why}. To run them: set MONGODB_URI, or put mongod on PATH, or mvn and a JDK from 17 on`;
}

let server: Promise<MongoServer | NoMongo> | undefined;

/** The server of this run. Where no run has one, because a test file runs alone, this process looks for its own. */
export function mongoServer(): Promise<MongoServer | NoMongo> {
  const inherited = process.env[variable];
  server ??= inherited === undefined ? provideMongo(process.env) : Promise.resolve(JSON.parse(inherited));
  return server;
}

/** For a test's `skip`: false where there is a server, else why it is not run. */
export async function withoutMongo(): Promise<false | string> {
  const found = await mongoServer();
  return "uri" in found ? false : notRun(found.reason);
}
