/**
 * `npm run bench:incidents`: how long lists, searches and counts take on the embedded store. Options: --stored N (incidents),
 * --runs N (of each query), --file PATH (kept, and used again where it is there).
 */
import { randomUUIDv7 } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Entity, severities, verdicts } from "@thruway/sdk";
import Table from "cli-table3";
import { type IncidentDraft, statuses } from "../core/incidents/incident.ts";
import { deliveryKey } from "../core/ingest/identity.ts";
import { type Commit, type IncidentFilter, type IncidentSort, incidentFacets } from "../core/store/ports.ts";
import { openSqliteStore } from "../core/store/sqlite/index.ts";

const { values: options } = parseArgs({
  options: {
    stored: { type: "string", default: "1000000" },
    runs: { type: "string", default: "200" },
    file: { type: "string" },
  },
});
const stored = Number(options.stored);
const runs = Number(options.runs);
const folder = await mkdtemp(join(tmpdir(), "thruway-bench-"));
const file = options.file ?? join(folder, "thruway.db");

/** Always the same numbers, from 0 to below `bound`. */
let state = 1;
function chance(bound: number): number {
  state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
  return Math.floor((state / 2_147_483_648) * bound);
}
function one<T>(all: readonly T[]): T {
  return all[chance(all.length)] as T;
}

const words = Array.from({ length: 4_000 }, (_, index) => `word${index.toString(36)}`);
const types = ["phishing", "malware", "failed_login", "port_scan", "data_theft", "policy"];
const newest = Date.UTC(2026, 0, 15);
const everyMs = 5_000;

function draftOf(index: number): IncidentDraft {
  const at = new Date(newest - (stored - index) * everyMs).toISOString();
  const hex = Date.parse(at).toString(16).padStart(12, "0");
  const entity = (type: Entity["type"], value: string): Entity => ({ type, role: "target", value });
  // The older, the more of them are closed.
  const isOpen = chance(stored) < index / 20;
  return {
    id: `${hex.slice(0, 8)}-${hex.slice(8)}${randomUUIDv7().slice(13)}`,
    source: `source-${chance(12)}`,
    plugin: one(["crowdstrike", "defender", "splunk", "generic"]),
    external_id: `alert-${index}`,
    type: one(types),
    title: Array.from({ length: 6 }, () => one(words)).join(" "),
    description: Array.from({ length: 20 }, () => one(words)).join(" "),
    severity: severities[Math.min(4, chance(3) + chance(4))] ?? "info",
    vendor_severity: null,
    status: isOpen ? one(statuses.slice(0, 4)) : one(["resolved", "closed"]),
    verdict: isOpen ? null : one(verdicts),
    entities: [
      entity("host", `ws-${chance(20_000)}`),
      entity("user", `CORP\\user${chance(10_000)}`),
      entity("ip", `10.${chance(256)}.${chance(256)}.${chance(256)}`),
      entity("domain", `d${chance(50_000)}.example`),
    ],
    mitre: [],
    occurred_at: at,
    first_seen_at: at,
    last_seen_at: at,
    received_at: at,
    created_at: at,
    updated_at: at,
    occurrences: 1,
    url: null,
    tags: chance(10) === 0 ? [`tag-${chance(50)}`] : [],
    assignee: isOpen && chance(2) === 0 ? `analyst-${chance(20)}` : null,
  };
}

function commitOf(index: number): Commit {
  const draft = draftOf(index);
  const body = Buffer.from("{}");
  return {
    drafts: [draft],
    delivery: {
      id: draft.id,
      source: draft.source,
      plugin: draft.plugin,
      outcome: "accepted",
      code: null,
      reason: null,
      details: null,
      received_at: draft.received_at,
      scheme: "webhook",
      address: "127.0.0.1",
      content_type: "application/json",
      user_agent: null,
      body_bytes: body.length,
      stages: [],
      key: deliveryKey(draft.source, "event", String(index)),
      body,
    },
  };
}

type Asked = Partial<IncidentFilter> & { readonly sort?: IncidentSort };
const day = (ago: number): string => new Date(newest - ago * 86_400_000).toISOString();
/** Days, into the middle of what is stored. */
const long = Math.floor((stored * everyMs) / 86_400_000 / 2);
const queries: Readonly<Record<string, () => Asked>> = {
  "no filter": () => ({}),
  "status=new": () => ({ status: ["new"] }),
  "status=new,escalated severity=critical": () => ({ status: ["new", "escalated"], severity: ["critical"] }),
  "a status and a verdict that never meet": () => ({ status: ["new"], verdict: ["true_positive"] }),
  source: () => ({ source: `source-${chance(12)}` }),
  "plugin and type": () => ({ plugin: "splunk", type: one(types) }),
  assignee: () => ({ assignee: `analyst-${chance(20)}` }),
  tag: () => ({ tag: [`tag-${chance(50)}`] }),
  "entity=host:…": () => ({ entity: [`host:ws-${chance(20_000)}`] }),
  "entity=… of any type": () => ({ entity: [`d${chance(50_000)}.example`] }),
  "a day of long ago": () => ({ since: day(long + 1), until: day(long) }),
  "updated in a day": () => ({ updated_since: day(long + 1), updated_until: day(long), sort: "updated" }),
  "everything at once": () => ({
    status: ["closed"],
    severity: ["high"],
    verdict: ["false_positive"],
    source: `source-${chance(12)}`,
    plugin: "generic",
    type: one(types),
    since: day(long),
  }),
  "sort=updated": () => ({ sort: "updated" }),
  "sort=severity status=new": () => ({ sort: "severity", status: ["new"] }),
  "sort=severity source type": () => ({ sort: "severity", source: `source-${chance(12)}`, type: one(types) }),
  "search: one word": () => ({ search: one(words) }),
  "search: two words": () => ({ search: `${one(words)} ${one(words)}` }),
  "search: a word, status=new": () => ({ search: one(words), status: ["new"] }),
  "search: a word, sort=severity": () => ({ search: one(words), sort: "severity" }),
};

try {
  const isThere = existsSync(file);
  const store = await openSqliteStore(file);
  const began = performance.now();
  for (let from = isThere ? stored : 0; from < stored; from += 5_000) {
    const batch = Array.from({ length: Math.min(5_000, stored - from) }, (_, index) => commitOf(from + index));
    await Promise.all(batch.map((commit) => store.commits.commit(commit)));
    // What is listed has to be indexed first.
    await store.incidents.list({ limit: 1, includeTests: true });
  }
  console.error(`${stored} incidents in ${((performance.now() - began) / 1_000).toFixed(0)} s`);
  const table = new Table({
    head: ["first page of 50", "p50 ms", "p99 ms", "most ms"],
    style: { head: [], border: [] },
  });
  const time = async (name: string, count: number, work: () => Promise<unknown>): Promise<void> => {
    const times: number[] = [];
    for (let run = 0; run < count; run++) {
      const start = performance.now();
      await work();
      times.push(performance.now() - start);
    }
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
    table.push([name, at(0.5), at(0.99), at(1)]);
  };
  for (const [name, query] of Object.entries(queries)) {
    await time(name, runs, () => store.incidents.list({ limit: 50, includeTests: false, ...query() }));
  }
  await time("counts by every facet", Math.ceil(runs / 20), () =>
    store.incidents.count({ includeTests: false }, incidentFacets),
  );
  await time("counts by status, of a source", Math.ceil(runs / 20), () =>
    store.incidents.count({ includeTests: false, source: "source-1" }, ["status"]),
  );
  await store.close();
  console.log(
    `${stored} incidents, ${runs} runs of each; ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
  );
  console.log(table.toString());
} finally {
  await rm(folder, { recursive: true, force: true });
}
