import { randomUUIDv7 } from "node:crypto";
import type { Alert } from "@thruway/sdk";
import { listed } from "@thruway/sdk/testing";
import { draftOf } from "../core/incidents/draft.ts";
import type { IncidentDraft } from "../core/incidents/incident.ts";
import { deliveryKey } from "../core/ingest/identity.ts";
import type { Commit } from "../core/store/ports.ts";
import { openSqliteStore } from "../core/store/sqlite/index.ts";
import crowdstrike from "../plugins/crowdstrike/index.ts";
import { benchSource, detection } from "./events.ts";

/** Fills an embedded store with `count` incidents and their deliveries, as the gateway would have written them. */
export async function fill(path: string, count: number): Promise<void> {
  const store = await openSqliteStore(path);
  const settings = {
    source: benchSource,
    plugin: "crowdstrike",
    severityMapping: {},
    defaultSeverity: "medium",
  } as const;
  const began = Date.now() - 90 * 86_400_000;
  for (let from = 0; from < count; from += 5_000) {
    const batch = Array.from({ length: Math.min(5_000, count - from) }, (_, index) => commitOf(from + index));
    await Promise.all(batch.map((commit) => store.commits.commit(commit)));
  }
  await store.close();

  function commitOf(index: number): Commit {
    const at = new Date(began + index * 5_000);
    const payload = detection(index, at);
    const id = randomUUIDv7();
    const received = at.toISOString();
    const mapped = listed(crowdstrike.map(payload, { source: benchSource, options: {}, receivedAt: at }));
    const [alert] = Array.isArray(mapped) ? (mapped as readonly Alert[]) : [];
    if (alert === undefined) throw new Error("A detection makes an alert");
    const draft = draftOf(alert, settings, {
      id: randomUUIDv7(),
      at: received,
      receivedAt: received,
    });
    const body = Buffer.from(JSON.stringify(payload));
    return acceptedCommit(draft, id, body, index);
  }
}

/** What the intake writes of an event that made one incident. @param index tells events apart */
export function acceptedCommit(draft: IncidentDraft, id: string, body: Buffer, index: number): Commit {
  const { source, plugin, received_at } = draft;
  return {
    drafts: [draft],
    delivery: {
      ...{ id, source, plugin, received_at, body },
      outcome: "accepted",
      code: null,
      reason: null,
      details: null,
      scheme: "webhook",
      address: "127.0.0.1",
      content_type: "application/json",
      user_agent: null,
      body_bytes: body.length,
      stages: [],
      key: deliveryKey(source, "event", String(index)),
    },
  };
}
