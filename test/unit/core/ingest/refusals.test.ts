import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { Logger } from "pino";
import { recordRefusals } from "../../../../core/ingest/refusals.ts";
import type { Diagnosis, RefusedDelivery } from "../../../../core/store/ports.ts";
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

test("what may be diagnosed is, before it is written, and the budget of a name and of an address is kept", async () => {
  const { refusals, written } = aRecorder();
  const asked: string[] = [];
  const found = { ...aDiagnosis, tried: 7 };
  const ofName = (name: string, address: string): void =>
    refusals.add(aRefusedDelivery({ source: name, address }), {
      name,
      diagnose: () => Promise.resolve(asked.push(name)).then(() => found),
    });
  for (const address of times(30, () => "192.0.2.1")) ofName("one", address);
  for (const index of times(100, (each) => each)) ofName(`other-${index}`, "192.0.2.2");
  await refusals.close();
  assert.equal(written.length, 130);
  assert.equal(asked.filter((name) => name === "one").length, 10);
  assert.equal(asked.length, 10 + 60);
  assert.equal(written.filter(({ diagnosis }) => diagnosis === found).length, 70);
});

test("what is diagnosed for longer than others wait is written all the same", async () => {
  const { refusals, written } = aRecorder();
  const found = Promise.withResolvers<Diagnosis>();
  refusals.add(aRefusedDelivery(), { name: "edr", diagnose: () => found.promise });
  while (written.length === 0) {
    refusals.add(aRefusedDelivery());
    await pause(10);
  }
  // Another one is flushed while the first is still diagnosed.
  const before = written.length;
  refusals.add(aRefusedDelivery());
  while (written.length === before) await pause(10);
  found.resolve(aDiagnosis);
  await refusals.close();
  assert.equal(written.filter(({ diagnosis }) => diagnosis === aDiagnosis).length, 1);
});

test("what waits to be diagnosed is bounded by its bytes", async () => {
  const { refusals } = aRecorder();
  let asked = 0;
  const diagnose = (): Promise<null> => {
    asked += 1;
    return Promise.resolve(null);
  };
  for (const index of times(9, (each) => each)) {
    refusals.add(aRefusedDelivery({ body_bytes: 4_194_304 }), { name: `large-${index}`, diagnose });
  }
  await refusals.close();
  assert.equal(asked, 4);
});

test("a diagnosis that fails costs itself and a line in the log", async () => {
  const { refusals, written, logged } = aRecorder();
  refusals.add(aRefusedDelivery(), { name: "a", diagnose: () => Promise.reject(new Error("a bug")) });
  await refusals.close();
  assert.equal(written.length, 1);
  assert.deepEqual(logged.at(-1), "error undefined");
});

const aDiagnosis: Diagnosis = {
  expected: { scheme: "webhook", summary: "a signature" },
  proof: [],
  body_sha256: "00",
  timestamp: null,
  clock_difference_seconds: null,
  tried: 0,
  findings: [],
};
