import "reflect-metadata";
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type DependencyContainer, type InjectionToken, container as shared } from "tsyringe";
import * as composition from "../../core/compose.ts";
import { readSettings } from "../../core/config/settings.ts";
import { unrecorded } from "../../core/ingest/flights.ts";
import { loadPlugins } from "../../core/registry/plugins.ts";
import { openStore } from "../../core/store/open.ts";
import type { Store } from "../../core/store/ports.ts";
import { alone } from "../../core/supervise/host.ts";
import { createLog } from "../../core/telemetry/log.ts";
import { noMeter } from "../../core/telemetry/meter.ts";
import { token } from "../../core/token.ts";

const { compose, REFUSALS, SOURCE_WATCH, STORE, SWEEPER, WORKER } = composition;

const tokens = Object.entries(composition).filter(
  (entry): entry is [string, InjectionToken<unknown> & symbol] => typeof entry[1] === "symbol",
);

describe("the composition root", () => {
  let folder: string;
  let store: Store;
  let container: DependencyContainer;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "thruway-test-compose-"));
    const settings = readSettings({ TW_DATA_DIR: folder, TW_LOG_LEVEL: "silent" });
    store = await openStore(settings.storeUrl);
    container = compose({
      settings,
      log: createLog(settings),
      store,
      plugins: await loadPlugins(settings.pluginsFile),
      masterKey: Buffer.alloc(32, 1),
      flights: unrecorded,
      metrics: noMeter,
      shareMetrics: alone.shareMetrics,
      now: () => new Date(),
      isStopping: () => false,
    });
  });

  after(async () => {
    try {
      await container.resolve(WORKER).close();
      await container.resolve(SWEEPER).close();
      await container.resolve(REFUSALS).close();
      await container.resolve(SOURCE_WATCH).close();
    } finally {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    }
  });

  for (const [name, each] of tokens) {
    test(`${name} is registered, and is one thing however often it is asked for`, () => {
      const resolved = container.resolve(each);
      assert.notEqual(resolved, undefined);
      assert.equal(container.resolve(each), resolved);
    });
  }

  test("a token that nobody registered does not resolve", () => {
    assert.throws(() => container.resolve(token("Nobody")), /Nobody/);
  });

  test("what was opened is passed on as it is", () => {
    assert.equal(container.resolve(STORE), store);
  });

  test("it leaves the global container alone, so that two gateways share nothing", () => {
    for (const [name, each] of tokens) {
      assert.equal(container.isRegistered(each), true, name);
      assert.equal(shared.isRegistered(each), false, name);
    }
  });
});

test("there are tokens to resolve, each with a name of its own", () => {
  assert.ok(tokens.length >= 10);
  const names = tokens.map(([, each]) => each.description);
  assert.equal(new Set(names).size, names.length);
});
