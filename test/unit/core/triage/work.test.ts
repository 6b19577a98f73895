import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { LeaseWorker } from "../../../../core/leases.ts";
import type { StoredRun } from "../../../../core/runs/run.ts";
import { openStore } from "../../../../core/store/open.ts";
import type { Store } from "../../../../core/store/ports.ts";
import { createLog } from "../../../../core/telemetry/log.ts";
import { untraced } from "../../../../core/trace.ts";
import { libraryOf } from "../../../../core/triage/library.ts";
import { incidentsOf } from "../../../../core/triage/store-ports.ts";
import { startTriage } from "../../../../core/triage/work.ts";
import { aDelivery, aDraft, incidentsOf as refsOf } from "../../../contracts/builders.ts";
import { eventually } from "../../../support/eventually.ts";
import { actions, aFailing, portsFor } from "./builders.ts";

const flaky = `name: flaky
version: "1"
steps: [{ name: flaky, action: flaky, parameters: {}, on_error: { retry: { times: 10, backoff: 60s } } }]`;

interface Place extends AsyncDisposable {
  readonly store: Store;
  readonly id: string;
  work(): LeaseWorker;
  run(): Promise<StoredRun>;
}

/** A store with an incident that is to be triaged by a playbook whose only step fails. */
async function aPlace(): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  const store = await openStore(`sqlite:${join(folder, "thruway.db")}`);
  const drafts = [aDraft({ triage: { playbook: "flaky" } })];
  const [ref] = refsOf(await store.commits.commit({ delivery: aDelivery(), drafts }));
  const id = ref?.incident_id ?? "";
  const known = actions(aFailing(100));
  const { ports } = portsFor({});
  return {
    store,
    id,
    work: () =>
      startTriage({
        store: store.triage,
        deliveries: store.deliveries,
        portsFor: () => ({ ...ports, incidents: incidentsOf(store.incidents) }),
        library: () => libraryOf([{ file: "flaky.yaml", text: flaky, origin: "folder" }], known),
        refresh: () => Promise.resolve(),
        actions: known,
        leaseMs: 60_000,
        log: createLog({ logLevel: "silent", dataDir: "", logFileMaxBytes: 1, logFiles: 0 }).triage,
        now: () => new Date(),
        clock: () => performance.now(),
        tracing: untraced,
        triaged: () => {},
      }),
    async run() {
      const run = await store.triage.get(id);
      assert.ok(run);
      return run;
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

test("a run that waits before it tries again does not hold up the end of the process, and is due at once for another", async () => {
  await using place = await aPlace();
  const worker = place.work();
  worker.wake();
  await eventually(async () => ((await place.run()).steps[0]?.state === "begun" ? true : undefined));
  const from = performance.now();
  await worker.close();
  assert.ok(performance.now() - from < 5_000);
  const [claimed] = await place.store.triage.claim(10, new Date(Date.now() + 1_000), 1_000);
  assert.equal(claimed?.run.id, place.id);
});

test("a run that comes no further however often it is begun is given up", async () => {
  await using place = await aPlace();
  const [claimed] = await place.store.triage.claim(1, new Date(), 1);
  assert.ok(claimed);
  // As processes leave it that end in the middle of its first step.
  await place.store.triage.save({ ...claimed.run, attempts: 11 }, claimed.epoch, new Date());
  const worker = place.work();
  worker.wake();
  const ended = await eventually(async () => {
    const run = await place.run();
    return run.ended_at === null ? undefined : run;
  });
  assert.match(ended.reason ?? "", /begun 10 times and came to no end/);
  await worker.close();
});
