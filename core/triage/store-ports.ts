/** The ports of triage over the stores of a gateway. */
import { toDocument } from "../incidents/export/document.ts";
import { isOver } from "../runs/approval.ts";
import type { Message } from "../runs/message.ts";
import type { StoredRun } from "../runs/run.ts";
import type { IncidentStore } from "../store/ports.ts";
import type { TriageStore } from "../store/triage-port.ts";
import { historyOf } from "./history.ts";
import { type Channel, configured, type Outside } from "./outside.ts";
import type { Incidents, Lists, Services, TriagePorts } from "./ports.ts";

/** Incidents as triage reads and changes them. */
export function incidentsOf(store: Pick<IncidentStore, "get" | "change">): Incidents {
  return {
    get: (id) => store.get(id),
    async change(id, change, context) {
      const changed = await store.change(id, change, context);
      if (changed === undefined) throw new Error(`there is no incident ${id}`);
      return changed;
    },
  };
}

export interface PortsDependencies {
  readonly incidents: Incidents;
  readonly list: Pick<IncidentStore, "list">;
  readonly triage: TriageStore;
  readonly lists: Lists;
  readonly services: Services;
  readonly outside: () => Outside;
  readonly now: () => Date;
  /** Told that something is in the outbox. */
  readonly onPosted: () => void;
}

/** What the actions of a run reach. */
export function portsFor(run: Pick<StoredRun, "incident_id">, deps: PortsDependencies): TriagePorts {
  const { incidents, triage, lists, services, now } = deps;

  const channelOf = (name: string): Channel => configured("channel", deps.outside().channels, name);

  /** The incident as it is now: what is sent stays the same, whatever becomes of it until then. */
  async function documentOf({ text }: Message, { format = "thruway" }: Channel): Promise<Pick<Message, "body">> {
    if (format === "thruway") return {};
    const incident = await incidents.get(run.incident_id);
    if (incident === undefined) throw new Error(`there is no incident ${run.incident_id}`);
    return { body: JSON.stringify(toDocument(format, incident, { message: text })) };
  }

  return {
    incidents,
    history: historyOf(deps.list),
    lists,
    services,
    outbox: {
      check: (name) => void channelOf(name),
      async post(message) {
        const channel = channelOf(message.channel);
        const about = { incident_id: run.incident_id, state: "queued", sent_at: null, reason: null } as const;
        const body = await documentOf(message, channel);
        const isNew = await triage.post({ ...message, ...body, ...about, created_at: now().toISOString() });
        deps.onPosted();
        return isNew;
      },
    },
    approvals: {
      async ask(approval) {
        const asked = await triage.ask(approval);
        if (asked.state !== "pending" || !isOver(asked, now())) return asked;
        const expired = { state: "expired", by: "thruway", comment: "nobody decided in time", at: now() } as const;
        return (await triage.decide(asked.id, expired)) ?? asked;
      },
    },
  };
}
