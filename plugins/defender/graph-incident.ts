import { defined, link, records, severityOf, some, text, texts } from "@thruway/sdk";
import { each, type Family, type Fields, joined, missing } from "./family.ts";
import { entitiesOf } from "./graph-evidence.ts";
import { decisionOf, describe, isMerged, latest, stated, techniquesOf, typeOf } from "./wording.ts";

/**
 * An incident of the Graph security API, with its alerts where they were expanded; it makes one incident, since Microsoft has
 * put these alerts together: https://learn.microsoft.com/graph/api/resources/security-incident
 */
export const graphIncident: Family = {
  title: "Microsoft Graph incident",

  lacks: (fields) => [...missing(fields, "id"), ...lacksType(fields)],

  read: each((fields) => {
    const alerts = records(fields.alerts);
    const merged = isMerged(fields.status);
    const last = latest(alerts.map(({ lastActivityDateTime }) => lastActivityDateTime));
    return defined({
      type: typeOf(
        alerts.map(({ category }) => category),
        "incident",
        fields.displayName,
      ),
      title: text(fields.displayName) ?? `Microsoft Defender incident ${text(fields.id) ?? ""}`.trim(),
      description: describe(fields.description, {
        Alerts: [...new Set(alerts.flatMap(({ title }) => texts(title, null)))],
        "Merged into incident": merged ? fields.redirectIncidentId : undefined,
        Classification: stated(fields.classification),
        Determination: stated(fields.determination),
      }),
      severity: severityOf(fields.severity),
      vendor_severity: text(fields.severity),
      external_id: text(fields.id),
      occurred_at: last ?? latest(fields.createdDateTime),
      as_of: latest(fields.lastUpdateDateTime),
      ...decisionOf(fields.status, fields.classification),
      url: link(fields.incidentWebUrl),
      entities: some(entitiesOf(alerts.flatMap(({ evidence }) => records(evidence)))),
      mitre: some(techniquesOf(alerts.flatMap(({ mitreTechniques }) => texts(mitreTechniques)))),
      tags: some([...texts(fields.customTags), ...texts(fields.systemTags), ...(merged ? ["redirected"] : [])]),
    });
  }),

  eventId: (fields) => joined(fields.id, fields.lastUpdateDateTime),
};

const incidentType = /^#?microsoft\.graph\.security\.incident$/i;

function lacksType(fields: Fields): readonly string[] {
  const type = text(fields["@odata.type"]);
  if (type !== undefined) {
    return incidentType.test(type) ? [] : ['the "@odata.type" #microsoft.graph.security.incident'];
  }
  return missing(fields, "displayName", "incidentWebUrl");
}
