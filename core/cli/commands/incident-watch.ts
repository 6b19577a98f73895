import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "commander";
import type { Incident } from "../../incidents/incident.ts";
import { type Cli, jsonFlag } from "../cli.ts";
import { type Api, connect, type Query } from "../client.ts";
import { addIncidentFilters, type IncidentFilters, incidentQueryOf } from "../incident-filters.ts";
import type { List } from "../list.ts";
import { stopSignal } from "../stop-signal.ts";
import { printable, severityFormat, statusFormat, time } from "../text.ts";

const everyMs = 2_000;
/** Another gateway's clock may be behind, and what is just being written has a time already. */
const overlapMs = 10_000;
const largestPage = 200;

export function incidentWatch(incident: Command, cli: Cli): void {
  const command = incident.command("watch").description("show incidents as they are made and changed, until Ctrl-C");
  addIncidentFilters(command, cli)
    .option(...jsonFlag)
    .action(async ({ json = false, ...filters }: IncidentFilters & { readonly json?: boolean }) => {
      const api = connect(cli.env);
      const stop = stopSignal();
      const query = incidentQueryOf(filters);
      // By the gateway's clock, whatever the time is here.
      let newest = (await page(api, { ...query, limit: 1 })).data[0]?.updated_at ?? new Date(0).toISOString();
      const read = async (): Promise<readonly Incident[]> => {
        const from = new Date(Date.parse(newest) - overlapMs).toISOString();
        const found = await changedSince(api, { ...query, updated_since: from });
        newest = found[0]?.updated_at ?? newest;
        return found;
      };
      /** The versions of what may be read again; what was there before is no news. */
      let known = versionsOf(await read());
      try {
        while (!stop.isReceived()) {
          await Promise.race([pause(everyMs), stop.received]);
          const found = await read();
          for (const each of found.toReversed()) if (known.get(each.id) !== each.version) print(each, json, cli);
          known = versionsOf(found);
        }
      } finally {
        stop.forget();
      }
    });
}

function versionsOf(incidents: readonly Incident[]): ReadonlyMap<string, number> {
  return new Map(incidents.map(({ id, version }) => [id, version]));
}

/** The one that changed last first. */
async function changedSince(api: Api, query: Query): Promise<readonly Incident[]> {
  const all: Incident[] = [];
  for (let cursor: string | undefined; ; ) {
    const { data, meta } = await page(api, { ...query, limit: largestPage, cursor });
    all.push(...data);
    if (meta.next_cursor === null) return all;
    cursor = meta.next_cursor;
  }
}

function page(api: Api, query: Query): Promise<List<Incident>> {
  return api.get<List<Incident>>("/api/incidents", { ...query, sort: "updated" });
}

function print(incident: Incident, json: boolean, { out }: Cli): void {
  if (json) {
    out.line(JSON.stringify(incident));
    return;
  }
  const { updated_at, number, severity, status, source, title, version } = incident;
  const news = version === 1 ? "new" : `version ${version}`;
  out.line(
    [
      time(updated_at),
      out.paint("bold", number),
      out.paint(severityFormat[severity], severity.padEnd(8)),
      out.paint(statusFormat[status], status),
      source,
      printable(title),
      out.paint("dim", `(${news})`),
    ].join("  "),
  );
}
