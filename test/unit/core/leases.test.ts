import assert from "node:assert/strict";
import { test } from "node:test";
import { workOff } from "../../../core/leases.ts";
import { eventually } from "../../support/eventually.ts";

test("a slow job keeps its own place and no other one's", async () => {
  const due = ["slow", ...Array.from({ length: 20 }, (_, index) => `${index}`)];
  const done: string[] = [];
  let most = 0;
  let underway = 0;
  const slow = Promise.withResolvers<void>();
  const worker = workOff<string>({
    most: 4,
    everyMs: 500,
    claim: (limit) => Promise.resolve(due.splice(0, limit)),
    async work(job) {
      underway += 1;
      most = Math.max(most, underway);
      await (job === "slow" ? slow.promise : Promise.resolve());
      underway -= 1;
      done.push(job);
    },
    failed: (error) => assert.fail(String(error)),
  });
  worker.wake();
  await eventually(() => Promise.resolve(done.length === 20 || undefined));
  assert.equal(done.includes("slow"), false);
  assert.ok(most <= 4);
  const closed = worker.close();
  slow.resolve();
  await closed;
  assert.equal(done.at(-1), "slow");
});
