import type { Incident } from "../incident.ts";
import { csvHeader, toCsv } from "./csv.ts";
import { toEcs } from "./ecs.ts";
import { type OcsfClass, toOcsf } from "./ocsf.ts";

/** What a list of incidents can be exported as. */
export const exportFormats = ["ocsf", "ecs", "csv", "jsonl"] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** How a format writes incidents, one after the other. */
export interface Writer {
  readonly mediaType: string;
  /** What stands before the first of them. */
  readonly head: string;
  /** With the end of its line. */
  write(incident: Incident): string;
}

const ndjson = "application/x-ndjson; charset=utf-8";

/** @param ocsfClass of the events, for `ocsf` */
export function writerOf(format: ExportFormat, ocsfClass?: OcsfClass): Writer {
  if (format === "csv") return { mediaType: "text/csv; charset=utf-8; header=present", head: csvHeader, write: toCsv };
  const made = {
    ocsf: (incident: Incident) => toOcsf(incident, ocsfClass),
    ecs: toEcs,
    jsonl: (incident: Incident) => incident,
  }[format];
  return { mediaType: ndjson, head: "", write: (incident) => `${JSON.stringify(made(incident))}\n` };
}
