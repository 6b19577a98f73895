import type { IncidentChange } from "../ports.ts";
import type { CoreContext } from "./action.ts";

/** What a change gives to later steps. */
export const changeShape = { changed: "bool" } as const;

/** Changes the incident in the name of the playbook. */
export async function change(
  changed: IncidentChange,
  why: string | undefined,
  { ports, incidentId, by, now, key }: CoreContext,
): Promise<{ readonly changed: true }> {
  await ports.incidents.change(incidentId, changed, { by, at: now, key, ...(why !== undefined && { why }) });
  return { changed: true };
}
