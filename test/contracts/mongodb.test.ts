import { openMongoStore } from "../../core/store/mongodb/index.ts";
import type { Store } from "../../core/store/ports.ts";
import { aMongoDatabase } from "../support/mongo/database.ts";
import { withoutMongo } from "../support/mongo/server.ts";
import type { Place } from "./place.ts";
import { storeContract } from "./suites.ts";

/** The suites are about what a store does, not about how fast a server of tests scans. */
const patienceMs = 20_000;

async function aDatabase(): Promise<Place> {
  const database = await aMongoDatabase();
  const opened: Store[] = [];
  return {
    async open() {
      const store = openMongoStore(database.uri, { timeoutMs: patienceMs });
      await store.migrate();
      opened.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

storeContract("the MongoDB store", aDatabase, { skip: await withoutMongo() });
