import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import type { StoredRun } from "../../core/runs/run.ts";
import { openStore } from "../../core/store/open.ts";
import { aDelivery, aDraft, incidentsOf } from "../contracts/builders.ts";
import { runMortal } from "../support/mortal.ts";
import { aReceiver, type Received } from "../support/receiver.ts";

const script = resolve(import.meta.dirname, "../support/triage-process.ts");

interface Left {
  readonly run: StoredRun | undefined;
  /** What the incident says that was done to it. */
  readonly changes: readonly string[];
  readonly received: readonly Received[];
  readonly writes: number;
  readonly killed: boolean;
}

/** A run whose worker is killed before one of its writes, and which another worker ends. */
async function killedBefore(write: number): Promise<Left> {
  await using channel = await aReceiver();
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  const url = `sqlite:${join(folder, "thruway.db")}`;
  try {
    const store = await openStore(url);
    const drafts = [aDraft({ triage: { playbook: "six_steps" } })];
    const [ref] = incidentsOf(await store.commits.commit({ delivery: aDelivery(), drafts }));
    await store.close();
    const first = await runMortal(script, url, channel.url, String(write));
    const { stdout } = first.signal === null ? first : await runMortal(script, url, channel.url);
    const after = await openStore(url);
    const id = ref?.incident_id ?? "";
    const run = await after.triage.get(id);
    const { timeline = [] } = (await after.incidents.get(id)) ?? {};
    const changes = timeline.map((entry) => entry.comment ?? entry.changes.map(({ field }) => field).join());
    await after.close();
    const { writes } = JSON.parse(stdout) as { readonly writes: number };
    return { run, changes, received: [...channel.received], writes, killed: first.signal === "SIGKILL" };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const steps = ["extract", "history", "tag", "tell", "comment", "raise", "verdict"];

function checkLeft({ run, changes, received }: Left): void {
  assert.equal(run?.state, "done", run?.reason ?? "");
  assert.deepEqual(
    run.steps.map(({ id, state }) => [id, state]),
    steps.map((id) => [id, "done"]),
  );
  assert.equal(run.verdict?.verdict, "suspicious");
  assert.deepEqual(changes, ["tags", `told as ${run.id}:tell`, "severity", "verdict"]);
  const keys = received.map(({ headers }) => JSON.stringify([headers["webhook-id"], headers["idempotency-key"]]));
  assert.equal(new Set(keys).size, 1, keys.join("\n"));
  assert.equal(received[0]?.headers["idempotency-key"], `${run.id}:tell`);
}

/** Begun, two for each of six steps, the message, the verdict, the end, and that the message was sent. */
const everyWrite = 17;

describe("a worker of triage that is killed", { concurrency: 2, timeout: 240_000 }, () => {
  test("makes so many writes where nobody kills it", async () => {
    const left = await killedBefore(0);
    checkLeft(left);
    assert.deepEqual([left.writes, left.killed, left.received.length], [everyWrite, false, 1]);
  });

  for (let write = 1; write <= everyWrite; write += 1) {
    test(`before its ${write}. write leaves a run that ends, and one notification`, async () => {
      const left = await killedBefore(write);
      assert.equal(left.killed, true);
      checkLeft(left);
    });
  }
});
