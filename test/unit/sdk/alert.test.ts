import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Alert,
  alertFault,
  alertStatuses,
  ignore,
  isPointers,
  type Pointers,
  pointers,
  pointersFault,
  statusOf,
  verdictOf,
  verdicts,
} from "@thruway/sdk";

const good: Alert = { type: "fire", title: "It burns" };
const time = "2026-01-15T10:00:00.000Z";

function faultOf(changes: Readonly<Record<string, unknown>>): string | undefined {
  return alertFault({ ...good, ...changes });
}

describe("an alert", () => {
  test("is sound with everything that it may say", () => {
    const whole = {
      description: "d",
      severity: "low",
      vendor_severity: "2",
      external_id: "a",
      occurred_at: time,
      first_seen_at: time,
      as_of: time,
      status: "closed",
      verdict: "false_positive",
      fallback: ["type", "title"],
      url: "https://console.example",
      entities: [{ type: "host", role: "target", value: "a" }],
      mitre: [{ id: "T1059" }],
      tags: ["a"],
    };
    assert.equal(faultOf({}), undefined);
    assert.equal(faultOf(whole), undefined);
  });

  test("says what is wrong with it", () => {
    const faults: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
      [{ status: "escalated" }, "status is not one of ours"],
      [{ verdict: "perhaps" }, "verdict is not one of ours"],
      [{ first_seen_at: "2026-01-15" }, "first_seen_at is not ISO 8601 in UTC with milliseconds"],
      [{ as_of: 1768471200 }, "as_of is not ISO 8601 in UTC with milliseconds"],
      [{ occurred_at: [time] }, "occurred_at is not ISO 8601 in UTC with milliseconds"],
      [{ fallback: ["description"] }, "fallback names other fields than ours"],
      [{ fallback: "title" }, "fallback names other fields than ours"],
    ];
    for (const [changes, fault] of faults) assert.equal(faultOf(changes), fault);
  });
});

describe("pointers", () => {
  const one = { url: "https://api.example/a", scope: "https://api.example/.default" };

  test("say where alerts are, and what the delivery holds besides", () => {
    assert.deepEqual(pointers([one], "only points"), { pointers: [one], reason: "only points" });
    assert.deepEqual(pointers([one], "only points", [good]).alerts, [good]);
    assert.equal(isPointers(pointers([one], "only points")), true);
    for (const other of [good, [good], ignore("a toaster")]) assert.equal(isPointers(other), false);
  });

  test("say what is wrong with them", () => {
    assert.equal(pointersFault(pointers([one], "only points", [good])), undefined);
    const wrong: readonly (readonly [unknown, string])[] = [
      [{ pointers: one, reason: "r" }, "pointers do not all have a url and a scope"],
      [{ pointers: [{ url: one.url }], reason: "r" }, "pointers do not all have a url and a scope"],
      [{ pointers: [{ ...one, url: "/a" }], reason: "r" }, "pointers do not all have a url and a scope"],
      [{ pointers: [null], reason: "r" }, "pointers do not all have a url and a scope"],
      [{ pointers: [one], reason: "" }, "reason is not a text"],
      [{ pointers: [one], reason: "r", alerts: good }, "alerts are not a list"],
    ];
    for (const [given, fault] of wrong) assert.equal(pointersFault(given as Pointers), fault);
  });
});

describe("words that vendors use", () => {
  test("for a status are read however they are written", () => {
    for (const status of alertStatuses) assert.equal(statusOf(status), status);
    const words = { inProgress: "in_progress", "IN PROGRESS": "in_progress", Active: "new", newAlert: "new" } as const;
    for (const [word, status] of Object.entries(words)) assert.equal(statusOf(word), status, word);
    for (const word of ["", "unknownFutureValue", 5, null, {}, "constructor"]) assert.equal(statusOf(word), undefined);
  });

  test("for a verdict are read however they are written", () => {
    for (const verdict of verdicts) assert.equal(verdictOf(verdict), verdict);
    assert.equal(verdictOf("FalsePositive"), "false_positive");
    assert.equal(verdictOf("Undetermined"), "inconclusive");
    for (const word of ["", "BenignPositive", 1, undefined]) assert.equal(verdictOf(word), undefined);
  });
});
