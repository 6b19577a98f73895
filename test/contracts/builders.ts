import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import type { IncidentDraft, WholeIncident } from "../../core/incidents/incident.ts";
import type {
  Commit,
  CommitResult,
  IncidentStore,
  NewDelivery,
  Page,
  PageQuery,
  RefusedDelivery,
  SourceRecord,
} from "../../core/store/ports.ts";
import type { DeliveryRow } from "../../core/store/transfer.ts";

export const noon = "2026-01-15T12:00:00.000Z";

let names = 0;

/** A name that no other test uses. */
export function aName(): string {
  names += 1;
  return `source-${names}`;
}

/** `noon`, so many milliseconds later. */
export function afterNoon(milliseconds: number): string {
  return new Date(Date.parse(noon) + milliseconds).toISOString();
}

/** A UUID of version 7 of a moment. */
export function idAt(iso: string): string {
  const hex = Date.parse(iso).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}${randomUUIDv7().slice(13)}`;
}

export function aDelivery(given: Partial<NewDelivery> = {}): NewDelivery {
  const { received_at = noon, body = Buffer.from('{"event_type":"test","data":{}}') } = given;
  return {
    id: idAt(received_at),
    source: "email-gateway",
    plugin: "generic",
    outcome: "accepted",
    code: null,
    reason: null,
    details: null,
    received_at,
    scheme: "webhook",
    address: "127.0.0.1",
    content_type: "application/json",
    user_agent: "vendor/1.0",
    body_bytes: body.length,
    stages: [{ stage: "receive", start_ms: 0.25, ms: 0.125, ok: true }],
    key: randomUUIDv7(),
    body,
    ...given,
  };
}

export function aRefusedDelivery(given: Partial<RefusedDelivery> = {}): RefusedDelivery {
  const { key: _, body: __, ...record } = aDelivery({ outcome: "refused", code: "invalid_signature", ...given });
  return { diagnosis: null, ...record };
}

/** A delivery as it is copied from store to store. */
export function aDeliveryRow(given: Partial<DeliveryRow> = {}): DeliveryRow {
  const { key, ...delivery } = aDelivery();
  const assigned = {
    diagnosis: null,
    incidents: [],
    duplicate_of: null,
    attempts: 0,
    due_at: null,
    epoch: 0,
    settled_at: null,
  };
  return { ...delivery, ...assigned, keys: [key], ...given };
}

export function aDraft(given: Partial<IncidentDraft> = {}): IncidentDraft {
  const { created_at = noon } = given;
  return {
    id: idAt(created_at),
    source: "email-gateway",
    plugin: "generic",
    external_id: null,
    type: "phishing",
    title: "Phishing email",
    description: null,
    severity: "medium",
    vendor_severity: null,
    status: "new",
    verdict: null,
    entities: [],
    mitre: [],
    occurred_at: created_at,
    first_seen_at: created_at,
    last_seen_at: created_at,
    received_at: created_at,
    created_at,
    updated_at: created_at,
    occurrences: 1,
    url: null,
    tags: [],
    assignee: null,
    ...given,
  };
}

/** A delivery with one alert of its own. */
export function aCommit(delivery: Partial<NewDelivery> = {}, draft: Partial<IncidentDraft> = {}): Commit {
  const source = delivery.source === undefined ? {} : { source: delivery.source };
  return { delivery: aDelivery(delivery), drafts: [aDraft({ ...source, ...draft })] };
}

export function aSource(given: Partial<SourceRecord> = {}): SourceRecord {
  return {
    source: aName(),
    plugin: "auto",
    secrets: [{ sealed: "v1:throw-away", created_at: noon }],
    auto_triage: false,
    playbook: null,
    severity_mapping: {},
    default_severity: "medium",
    options: {},
    processing: "immediate",
    tolerance_seconds: null,
    rate_limit: null,
    enabled: true,
    created_at: noon,
    updated_at: noon,
    ...given,
  };
}

/** The same thing so many times, each with its index. */
export function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** What a commit made. */
export function incidentsOf(result: CommitResult): Extract<CommitResult, { kind: "committed" }>["incidents"] {
  assert.equal(result.kind, "committed");
  return result.kind === "committed" ? result.incidents : [];
}

/** The only incident that a commit made, as it is stored. */
export async function madeBy(result: CommitResult, incidents: IncidentStore): Promise<WholeIncident> {
  const [ref, ...others] = incidentsOf(result);
  assert.deepEqual(others, []);
  const incident = await incidents.get(ref?.incident_id ?? "");
  assert.ok(incident, "the incident is stored");
  return incident;
}

/** Walks a list to its end. @param between runs after each page */
export async function allPages<T extends { readonly id: string }, Q extends PageQuery>(
  list: (query: Q) => Promise<Page<T>>,
  query: Q,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<readonly (readonly T[])[]> {
  const pages: (readonly T[])[] = [];
  let after = query.after;
  do {
    const page = await list({ ...query, ...(after !== undefined && { after }) });
    pages.push(page.data);
    assert.ok(pages.length < 1_000, "the list comes to an end");
    after = page.next;
    await between();
  } while (after !== undefined);
  return pages;
}

/** Strings that storage layers like to change: NUL, quotes, what SQL and paths mean by a sign, four bytes of UTF-8, no NFC. */
export const awkwardTexts = [
  "a\0b",
  "'; DROP TABLE incidents; --",
  '"quoted" \\ back\\slash %_*?',
  "line\r\nbreak\ttab",
  "Grüße, 世界, שלום, 🚨👩‍💻",
  "e\u0301 is not \u00e9",
  "\ufeffmark and \u202eoverride",
  " spaces around ",
  "1719309930613520072",
  "-0",
  "NaN",
  "true",
  "$set",
  "a.b.$c",
  "__proto__",
] as const;
