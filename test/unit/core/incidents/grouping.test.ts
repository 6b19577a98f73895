import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Alert } from "@thruway/sdk";
import { draftOf } from "../../../../core/incidents/draft.ts";
import { type Grouping, groupingSchema, windowMs } from "../../../../core/incidents/grouping.ts";
import { check } from "../../../../core/validate.ts";
import { noon } from "../../../contracts/builders.ts";

const host = { type: "host", role: "target", value: "WS-01" } as const;
const grouping: Grouping = { by: ["type", "entities.host"], window: "1h" };

function keyOf(alert: Partial<Alert>, by: readonly string[] = grouping.by, source = "edr"): string | undefined {
  const settings = { source, plugin: "generic", severityMapping: {}, defaultSeverity: "medium" } as const;
  const given: Alert = { type: "malware", title: "Found", entities: [host], ...alert };
  const made = { id: "1", at: noon, receivedAt: noon };
  return draftOf(given, { ...settings, grouping: { ...grouping, by } }, made).group?.key;
}

test("alerts that are the same in every field have one key, in whatever form and order they come", () => {
  const other = { ...host, value: "ws-02" };
  assert.equal(keyOf({}), keyOf({ title: "Other words", severity: "high" }));
  assert.equal(keyOf({ entities: [host, other] }), keyOf({ entities: [other, { ...host, value: "ws-01" }, host] }));
});

test("alerts that differ in a field, and those of another source, have other keys", () => {
  const keys = [
    keyOf({}),
    keyOf({ type: "phishing" }),
    keyOf({ entities: [{ ...host, value: "ws-02" }] }),
    keyOf({ entities: [host, { ...host, value: "ws-02" }] }),
    keyOf({}, ["type"]),
    keyOf({}, grouping.by, "other"),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

test("values cannot run into each other", () => {
  const by = ["title", "vendor_severity"];
  assert.notEqual(
    keyOf({ title: 'a","b', vendor_severity: "c" }, by),
    keyOf({ title: "a", vendor_severity: 'b","c' }, by),
  );
});

test("what is missing, or was made up, groups nothing", () => {
  assert.equal(keyOf({ entities: [] }), undefined);
  assert.equal(keyOf({ entities: [{ ...host, type: "user" }] }), undefined);
  assert.equal(keyOf({}, ["entities.host.actor"]), undefined);
  assert.equal(keyOf({}, ["vendor_severity"]), undefined);
  assert.equal(keyOf({ fallback: ["type"] }), undefined);
});

test("an alert that is over is grouped with nothing", () => {
  assert.equal(keyOf({ status: "closed" }), undefined);
  assert.notEqual(keyOf({ status: "in_progress" }), undefined);
});

test("a window is said in minutes, hours or days", () => {
  assert.deepEqual(["30m", "1h", "7d", "1s", "", "h"].map(windowMs), [1_800_000, 3_600_000, 604_800_000, 0, 0, 0]);
});

describe("a grouping is refused with what would be right:", () => {
  for (const [given, path, remedy] of [
    [{ by: ["typ"], window: "1h" }, "by.0", /must be one of type, title/],
    [{ by: ["entities.hosts"], window: "1h" }, "by.0", /entities\.<type>/],
    [{ by: [], window: "1h" }, "by", /at least 1/],
    [{ by: ["type", "type"], window: "1h" }, "by.1", /duplicate/],
    [{ by: ["type"] }, "window", /required/],
    [{ by: ["type"], window: "1 hour" }, "window", /must be a time like 30m, 1h or 7d, up to 30d/],
    [{ by: ["type"], window: "0m" }, "window", /must be a time/],
    [{ by: ["type"], window: "31d" }, "window", /up to 30d/],
    [{ by: ["type"], window: "1h", extra: 1 }, "extra", /not allowed/],
  ] as const) {
    test(JSON.stringify(given), () => {
      const checked = check(groupingSchema, given);
      assert.ok("details" in checked);
      assert.equal(checked.details[0]?.path, path);
      assert.match(checked.details[0]?.message ?? "", remedy);
    });
  }
});
