import assert from "node:assert/strict";
import { test } from "node:test";
import pino from "pino";
import { StoreError } from "../../../../core/errors.ts";
import type { Middleware } from "../../../../core/http/context.ts";
import { answerErrors } from "../../../../core/http/middleware/answer-errors.ts";

test("the log has the path of what failed, without the secret that a sender has in its address", async () => {
  const lines: string[] = [];
  const log = pino({}, { write: (line: string) => void lines.push(line) });
  const url = "/api/webhooks/siem/t/hidden-in-the-path?token=hidden-in-the-query";
  const ctx = { url, method: "POST", req: { socket: {} }, state: { requestId: "r" }, set: () => undefined };
  for (const error of [new Error("a bug"), new StoreError("the disk is full")]) {
    await answerErrors({ webhook: log, gateway: log })(ctx as unknown as Parameters<Middleware>[0], () => {
      throw error;
    });
  }
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)).map(({ msg, path }) => [msg, path]),
    [
      ["Request failed", "/api/webhooks/siem/t/…"],
      ["Store is unavailable", "/api/webhooks/siem/t/…"],
    ],
  );
  assert.ok(!lines.join("").includes("hidden"));
});
