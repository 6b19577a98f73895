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
import { type IncidentDraft, statuses, testTag } from "../core/incidents/incident.ts";
import type { Commit } from "../core/store/ports.ts";
import { openSqliteStore } from "../core/store/sqlite/index.ts";
import { acceptedCommit } from "./fill.ts";
import { chances, counts, everyMs, newest, queries, stopped, types, words } from "./incident-queries.ts";

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

const chance = chances(1);
function one<T>(all: readonly T[]): T {
  return all[chance(all.length)] as T;
}
const later = (at: number, ms: number): string => new Date(Math.min(newest, at + ms)).toISOString();

function draftOf(index: number): IncidentDraft {
  const made = newest - (stored - index) * everyMs;
  const at = new Date(made).toISOString();
  const hex = made.toString(16).padStart(12, "0");
  const entity = (type: Entity["type"], value: string): Entity => ({ type, role: "target", value });
  // The older, the more of them are closed.
  const isOpen = chance(stored) < index / 20;
  return {
    id: `${hex.slice(0, 8)}-${hex.slice(8)}${randomUUIDv7().slice(13)}`,
    // One of them has stopped long ago.
    source: index < stored / 4 && chance(3) === 0 ? stopped : `source-${chance(12)}`,
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
    occurred_at: later(made, -chance(3_600_000)),
    first_seen_at: at,
    last_seen_at: at,
    received_at: at,
    created_at: at,
    updated_at: later(made, chance(3 * 86_400_000)),
    occurrences: 1,
    url: null,
    tags: chance(10) === 0 ? [`tag-${chance(50)}`] : chance(100) === 0 ? [testTag] : [],
    assignee: isOpen && chance(2) === 0 ? `analyst-${chance(20)}` : null,
  };
}

function commitOf(index: number): Commit {
  const draft = draftOf(index);
  return acceptedCommit(draft, draft.id, Buffer.from("{}"), index);
}

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
    head: ["first page of 50", "CPU ms", "p50 ms", "p99 ms", "most ms"],
    style: { head: [], border: [] },
  });
  const time = async (name: string, work: () => Promise<unknown>): Promise<void> => {
    const times: number[] = [];
    const before = process.cpuUsage();
    for (let run = 0; run < runs; run++) {
      const start = performance.now();
      await work();
      times.push(performance.now() - start);
    }
    const { user, system } = process.cpuUsage(before);
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number): string =>
      (sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0).toFixed(1);
    table.push([name, ((user + system) / 1_000 / runs).toFixed(1), at(0.5), at(0.99), at(1)]);
  };
  for (const [name, query] of Object.entries(queries(stored))) {
    await time(name, () => store.incidents.list({ limit: 50, includeTests: false, ...query() }));
  }
  for (const [name, { facets, ...filter }] of Object.entries(counts)) {
    await time(name, () => store.incidents.count({ includeTests: false, ...filter }, facets));
  }
  await store.close();
  console.log(
    `${stored} incidents, ${runs} runs of each; ${cpus().length} × ${cpus()[0]?.model}, Node ${process.version}`,
  );
  console.log(table.toString());
} finally {
  await rm(folder, { recursive: true, force: true });
}
