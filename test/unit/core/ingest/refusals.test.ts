import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "pino";
import { recordRefusals } from "../../../../core/ingest/refusals.ts";
import type { RefusedDelivery } from "../../../../core/store/ports.ts";
import { aRefusedDelivery, times } from "../../../contracts/builders.ts";

/** A recorder, and what it writes and logs. */
function aRecorder(record: () => Promise<void> = () => Promise.resolve()): {
  readonly refusals: ReturnType<typeof recordRefusals>;
  readonly written: RefusedDelivery[];
  readonly logged: string[];
} {
  const written: RefusedDelivery[] = [];
  const logged: string[] = [];
  const log = {
    warn: (fields: RefusedDelivery) => logged.push(`${fields.source} ${fields.code}`),
    error: (fields: { readonly count: number }) => logged.push(`error ${fields.count}`),
  };
  const recordRefused = (records: readonly RefusedDelivery[]): Promise<void> => {
    written.push(...records);
    return record();
  };
  return { refusals: recordRefusals({ recordRefused }, log as unknown as Logger), written, logged };
}

test("what was refused is written, at the latest at the end", async () => {
  const { refusals, written } = aRecorder();
  const records = times(3, () => aRefusedDelivery());
  for (const record of records) refusals.add(record);
  await refusals.close();
  assert.deepEqual(written, records);
});

test("a flood waits in bounded memory", async () => {
  const { refusals, written } = aRecorder();
  for (const record of times(5_000, () => aRefusedDelivery())) refusals.add(record);
  await refusals.close();
  assert.equal(written.length, 1_000);
});

test("the first of each kind is logged, and not each", async () => {
  const { refusals, logged } = aRecorder();
  for (const source of ["edr", "siem", "edr"]) {
    for (const code of ["invalid_signature", "timestamp_expired"] as const)
      refusals.add(aRefusedDelivery({ source, code }));
  }
  await refusals.close();
  const kinds = ["edr invalid_signature", "edr timestamp_expired", "siem invalid_signature", "siem timestamp_expired"];
  assert.deepEqual(logged.toSorted(), kinds);
});

test("a store that fails costs a line in the log, and nothing else", async () => {
  const { refusals, logged } = aRecorder(() => Promise.reject(new Error("disk full")));
  refusals.add(aRefusedDelivery());
  await refusals.close();
  assert.ok(logged.includes("error 1"));
});
