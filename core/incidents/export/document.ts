import type { Incident } from "../incident.ts";
import { toEcs } from "./ecs.ts";
import { toOcsf } from "./ocsf.ts";

/** What one incident can be sent as, by itself. */
export const documentFormats = ["ocsf", "ecs"] as const;
export type DocumentFormat = (typeof documentFormats)[number];

/** What is said with an incident, and is not in it. */
export interface Said {
  /** Instead of its title. */
  readonly message?: string;
  /** Whether who gets it did not know of the incident. */
  readonly isNew?: boolean;
}

/** One incident as an event of OCSF or a document of ECS. */
export function toDocument(format: DocumentFormat, incident: Incident, { message, isNew }: Said = {}): object {
  const document = format === "ocsf" ? toOcsf(incident, "incident_finding", isNew) : toEcs(incident);
  return message === undefined ? document : { ...document, message };
}
