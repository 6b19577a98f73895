import type { Entity } from "@thruway/sdk";
import type { Incident } from "../../core/incidents/incident.ts";

const noon = "2026-01-15T12:00:00.000Z";

/** An incident as a store gives one; nothing in it but what every incident has. */
export function anIncident(given: Partial<Incident> = {}): Incident {
  return {
    id: "019bc16f-3c00-7000-8000-000000000000",
    number: "INC-2026-0001",
    source: "edr",
    plugin: "generic",
    external_id: null,
    type: "alert",
    title: "Something happened",
    description: null,
    severity: "medium",
    vendor_severity: null,
    status: "new",
    verdict: null,
    entities: [],
    mitre: [],
    occurred_at: noon,
    first_seen_at: noon,
    last_seen_at: noon,
    received_at: noon,
    created_at: noon,
    updated_at: noon,
    occurrences: 1,
    url: null,
    tags: [],
    assignee: null,
    triage: null,
    trace_id: null,
    version: 1,
    previous: null,
    merged_into: null,
    merged: [],
    deliveries: [],
    ...given,
  };
}

/** `target host web-01`, as it reads. */
export function anEntity(text: string): Entity {
  const [role = "", type = "", ...value] = text.split(" ");
  return { role, type, value: value.join(" ") } as Entity;
}
