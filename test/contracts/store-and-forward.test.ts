import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { openStore } from "../../core/store/open.ts";
import type { Store } from "../../core/store/ports.ts";
import { openSpool } from "../../core/store/spool/index.ts";
import { storeAndForward } from "../../core/store/store-and-forward.ts";
import type { Place } from "./place.ts";
import { storeContract } from "./suites.ts";

/** Any store will do behind it; what is asked of a store is asked of the two together. */
async function aFolder(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  const opened: Store[] = [];
  return {
    async open() {
      const store = await storeAndForward({
        store: await openStore(`sqlite:${join(folder, "thruway.db")}`),
        prepare: () => Promise.resolve(),
        spool: await openSpool(join(folder, "spool.db"), 1_048_576),
        timeoutMs: 30_000,
        log: pino({ level: "silent" }),
        now: () => new Date(),
      });
      opened.push(store);
      return store;
    },
    async [Symbol.asyncDispose]() {
      for (const store of opened) await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

storeContract("a store with a spool before it", aFolder);
