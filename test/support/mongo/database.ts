import { randomUUID } from "node:crypto";
import { MongoClient } from "mongodb";
import { mongoServer } from "./server.ts";
import { withDatabase } from "./uri.ts";

export interface MongoDatabase extends AsyncDisposable {
  /** Names the database too. */
  readonly uri: string;
  readonly name: string;
}

/**
 * A database that no other test has. It is dropped with the scope.
 *
 * @throws {Error} where there is no server, which `withoutMongo` tells before
 */
export async function aMongoDatabase(): Promise<MongoDatabase> {
  const server = await mongoServer();
  if (!("uri" in server)) throw new Error(`There is no MongoDB server: ${server.reason}`);
  const name = `thruway-test-${randomUUID()}`;
  return {
    uri: withDatabase(server.uri, name),
    name,
    async [Symbol.asyncDispose]() {
      await using client = new MongoClient(server.uri);
      await client.db(name).dropDatabase();
    },
  };
}
