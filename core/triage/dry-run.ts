/** Ports that change and send nothing: what would be done is remembered, and seen by whoever looks through them. */
import type { Incident } from "../incidents/incident.ts";
import type { Approval } from "../runs/approval.ts";
import type { Message } from "../runs/message.ts";
import type { ChangeContext, IncidentChange, Incidents, TriagePorts } from "./ports.ts";

/** Incidents whose changes are kept in memory, over others that stay as they are. */
export function incidentsInMemory(base: Pick<Incidents, "get">): Incidents {
  const changed = new Map<string, Incident>();

  async function get(idOrNumber: string): Promise<Incident | undefined> {
    const found = await base.get(idOrNumber);
    return found && (changed.get(found.id) ?? found);
  }

  return {
    get,
    async change(idOrNumber, change, context) {
      const before = await get(idOrNumber);
      if (before === undefined) throw new Error(`there is no incident ${idOrNumber}`);
      const after = changedBy(before, change, context);
      changed.set(after.id, after);
      return after;
    },
  };
}

function changedBy(incident: Incident, change: IncidentChange, { at }: ChangeContext): Incident {
  const { add_tags: added = [], remove_tags: removed = [], comment: _, ...fields } = change;
  const tags = [...new Set([...incident.tags, ...added])].filter((tag) => !removed.includes(tag));
  return { ...incident, ...fields, tags, updated_at: at.toISOString() };
}

/** What a dry run would have done outside. */
export interface Would {
  readonly messages: Message[];
  readonly requests: { readonly service: string; readonly method: string; readonly path: string }[];
  readonly approvals: Approval[];
}

/**
 * The same ports for a run that does everything but change and send: lookups are made, whoever is asked says yes.
 *
 * @returns them, and what would have been sent
 */
export function dryRunPorts(ports: TriagePorts): { readonly ports: TriagePorts; readonly would: Would } {
  const would: Would = { messages: [], requests: [], approvals: [] };
  return {
    would,
    ports: {
      ...ports,
      incidents: incidentsInMemory(ports.incidents),
      services: {
        check: (service) => ports.services.check(service),
        async ask(service, request) {
          if (request.method === "GET") return ports.services.ask(service, request);
          ports.services.check(service);
          would.requests.push({ service, method: request.method, path: request.path });
          return { status: 200, body: null, cached: false };
        },
      },
      outbox: {
        check: (channel) => ports.outbox.check(channel),
        async post(message) {
          ports.outbox.check(message.channel);
          would.messages.push(message);
          return true;
        },
      },
      approvals: {
        ask(approval) {
          would.approvals.push(approval);
          return Promise.resolve({ ...approval, state: "granted", decided_by: "dry run" });
        },
      },
    },
  };
}
