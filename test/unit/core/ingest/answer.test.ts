import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, deliveryIdOf, queueIdOf } from "../../../../core/ingest/answer.ts";

const id = "019bc186-e396-7c17-a249-f72ec43eb177";
const one = { incident_id: "550e8400-e29b-41d4-a716-446655440000", incident_number: "INC-2024-0001" };
const other = { incident_id: "550e8400-e29b-41d4-a716-446655440001", incident_number: "INC-2024-0002" };

test("accepted is answered with the incident, in the words of the documentation", () => {
  assert.deepEqual(answer({ id, outcome: "accepted", reason: null, incidents: [one] }, false), {
    status: "accepted",
    incident_id: one.incident_id,
    incident_number: one.incident_number,
  });
});

test("a delivery of several alerts names the first, and then all", () => {
  assert.deepEqual(answer({ id, outcome: "accepted", reason: null, incidents: [one, other] }, false), {
    status: "accepted",
    ...one,
    incidents: [one, other],
  });
});

test("queued is answered with an id that leads back to the delivery", () => {
  const queued = answer({ id, outcome: "queued", reason: null, incidents: [] }, false);
  assert.deepEqual(queued, { status: "queued", queue_id: `queue-${id}`, message: "Event queued for processing" });
  assert.equal(deliveryIdOf(queueIdOf(id)), id);
  for (const nonsense of ["", id, `Queue-${id}`, "queue"]) assert.equal(deliveryIdOf(nonsense), undefined);
});

test("ignored is answered with the reason", () => {
  const ignored = answer({ id, outcome: "ignored", reason: "audit event", incidents: [] }, false);
  assert.deepEqual(ignored, { status: "ignored", message: "audit event" });
});

test("the same delivery again is told the same, and that it is a duplicate", () => {
  for (const outcome of ["accepted", "queued", "ignored"] as const) {
    const stored = { id, outcome, reason: "why", incidents: outcome === "accepted" ? [one] : [] };
    assert.deepEqual(answer(stored, true), { ...answer(stored, false), duplicate: true });
  }
});
