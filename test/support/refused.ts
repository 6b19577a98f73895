import assert from "node:assert/strict";
import type { ErrorCode } from "../../core/errors.ts";
import type { Answered } from "./gateway.ts";

export interface Expected {
  readonly status: number;
  readonly code: ErrorCode;
  /** The `path` of the first of the details; without it there must be none. */
  readonly path?: string;
  readonly message?: string | RegExp;
}

/** The answer is the envelope of the text with this code, nothing else in it, and findable in the log by its request id. */
export function assertRefused(answer: Answered, expected: Expected): void {
  const { error, ...others } = answer.body ?? {};
  const shown = JSON.stringify(answer.body);
  assert.deepEqual([answer.status, error?.code], [expected.status, expected.code], shown);
  assert.deepEqual(others, {}, shown);
  const { code, message, details, request_id, ...unknown } = error;
  assert.deepEqual(unknown, {}, shown);
  assert.equal(request_id, answer.headers.get("x-request-id") ?? undefined);
  assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
  assert.match(message, /\S/);
  if (expected.message instanceof RegExp) assert.match(message, expected.message);
  else if (expected.message !== undefined) assert.equal(message, expected.message);
  assert.equal(details?.[0].path, expected.path, shown);
  for (const detail of details ?? []) assert.deepEqual(Object.keys(detail), ["path", "message"]);
}
