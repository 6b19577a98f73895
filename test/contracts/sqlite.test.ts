import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../core/store/open.ts";
import type { Store } from "../../core/store/ports.ts";
import type { Place } from "./place.ts";
import { storeContract } from "./suites.ts";

async function aFolder(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  const opened: Store[] = [];
  return {
    async open() {
      const store = await openStore(`sqlite:${join(folder, "thruway.db")}`);
      opened.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

storeContract("the SQLite store", aFolder);
