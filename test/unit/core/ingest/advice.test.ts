import assert from "node:assert/strict";
import { test } from "node:test";
import { errorTable } from "../../../../core/errors.ts";
import { adviceFor } from "../../../../core/ingest/advice.ts";
import type { DeliveryRecord } from "../../../../core/store/ports.ts";
import { aRefusedDelivery } from "../../../contracts/builders.ts";

function shown(given: Partial<DeliveryRecord>): DeliveryRecord {
  const assigned = { diagnosis: null, incidents: [], duplicate_of: null, attempts: 0, next_attempt_at: null };
  return { ...assigned, ...aRefusedDelivery(), ...given };
}

test("of an accepted delivery there is nothing to do", () => {
  assert.deepEqual(adviceFor(shown({ outcome: "accepted", code: null })), []);
});

test("every other outcome has a next step that names a command", () => {
  for (const outcome of ["duplicate", "ignored", "queued", "rejected", "dead", "refused"] as const) {
    const advice = adviceFor(shown({ outcome, code: outcome === "refused" ? "invalid_signature" : null }));
    assert.match(advice.join("\n"), /tw-cli (delivery|queue|webhook) /, outcome);
  }
});

test("what a sender is refused for has a remedy", () => {
  const refusing = Object.entries(errorTable).filter(([, { status }]) =>
    [401, 403, 404, 408, 413, 429].includes(status),
  );
  for (const code of refusing.map(([code]) => code as keyof typeof errorTable)) {
    if (code === "unauthorized" || code === "not_found") continue;
    assert.ok(adviceFor(shown({ code })).length > 0, code);
  }
});
