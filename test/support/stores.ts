/** The stores that a gateway can have, for tests that hold for each. */
import { aMongoDatabase } from "./mongo/database.ts";
import { withoutMongo } from "./mongo/server.ts";

/** Somewhere for a gateway to store things; gone with the scope. */
export interface StorePlace extends AsyncDisposable {
  readonly env: Readonly<Record<string, string>>;
}

export interface TestStore {
  readonly name: string;
  /** For a test's `skip`. */
  readonly skip: false | string;
  place(): Promise<StorePlace>;
}

export const stores: readonly TestStore[] = [
  {
    name: "the embedded store",
    skip: false,
    place: () => Promise.resolve({ env: {}, [Symbol.asyncDispose]: () => Promise.resolve() }),
  },
  {
    name: "MongoDB",
    skip: await withoutMongo(),
    async place() {
      const database = await aMongoDatabase();
      return {
        env: { TW_STORE_URL: database.uri },
        [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
      };
    },
  },
];
