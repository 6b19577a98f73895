import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { openStore } from "../../core/store/open.ts";
import { aCommit, madeBy, times } from "../contracts/builders.ts";
import { aFolder } from "../support/gateway-process.ts";
import { runMortal } from "../support/mortal.ts";
import { aReceiver, type Received } from "../support/receiver.ts";

const script = resolve(import.meta.dirname, "../support/feed-process.ts");

interface Left {
  readonly ids: readonly string[];
  readonly received: readonly Received[];
  readonly writes: number;
  readonly killed: boolean;
}

/** Three incidents whose feed is killed before one of its writes, and which another process goes on with. */
async function killedBefore(write: number): Promise<Left> {
  await using subscriber = await aReceiver();
  await using folder = await aFolder();
  const url = `sqlite:${join(folder.path, "thruway.db")}`;
  const store = await openStore(url);
  await store.feed.follow(true);
  const made = await Promise.all(times(3, async () => madeBy(await store.commits.commit(aCommit()), store.incidents)));
  await store.close();
  const first = await runMortal(script, url, subscriber.url, String(write));
  const { stdout } = first.signal === null ? first : await runMortal(script, url, subscriber.url);
  const { writes } = JSON.parse(stdout) as { readonly writes: number };
  const ids = made.map(({ id }) => `siem:${id}:1`);
  return { ids, received: [...subscriber.received], writes, killed: first.signal === "SIGKILL" };
}

function checkLeft({ ids, received }: Left): void {
  const bodies = new Map<string, string>();
  for (const { headers, body } of received) {
    const id = String(headers["webhook-id"]);
    assert.equal(bodies.get(id) ?? body, body, "the same id has the same body");
    bodies.set(id, body);
  }
  assert.deepEqual([...bodies.keys()].toSorted(), ids.toSorted());
}

/** The announcement, and that each of three messages was sent. */
const everyWrite = 4;

describe("a feed that is killed", { concurrency: 2, timeout: 120_000 }, () => {
  test("makes so many writes where nobody kills it", async () => {
    const left = await killedBefore(0);
    checkLeft(left);
    assert.deepEqual([left.writes, left.killed, left.received.length], [everyWrite, false, 3]);
  });

  for (let write = 1; write <= everyWrite; write += 1) {
    test(`before its ${write}. write tells of everything`, async () => {
      const left = await killedBefore(write);
      assert.equal(left.killed, true);
      checkLeft(left);
    });
  }
});
