import { defined, distinct, type Entity, entities, link, records, severityOf, some, text, texts } from "@thruway/sdk";
import { personOf, victimsFirst } from "./assets.ts";
import { entityKind, thingsIn } from "./entity-rows.ts";
import { each, type Family, type Fields, joined, missing } from "./family.ts";
import { decisionOf, describe, isMerged, latest, stated, techniquesOf, typeOf } from "./wording.ts";

/**
 * An incident of the Defender XDR API, which makes one incident of all of its alerts:
 * https://learn.microsoft.com/defender-xdr/api-list-incidents
 */
export const xdrIncident: Family = {
  title: "Defender XDR incident",

  lacks: (fields) => missing(fields, "incidentId", "incidentName"),

  read: each((fields) => {
    const alerts = records(fields.alerts);
    const merged = isMerged(fields.status);
    return defined({
      type: typeOf(
        alerts.map(({ category }) => category),
        "incident",
        fields.incidentName,
      ),
      title: text(fields.incidentName) ?? "Microsoft Defender incident",
      description: describe(fields.description, {
        Alerts: [...new Set(alerts.flatMap(({ title }) => texts(title, null)))],
        "Merged into incident": merged ? fields.redirectIncidentId : undefined,
        Classification: stated(fields.classification),
        Determination: stated(fields.determination),
      }),
      severity: severityOf(fields.severity),
      vendor_severity: text(fields.severity),
      external_id: text(fields.incidentId),
      occurred_at: latest(alerts.map(({ lastActivity }) => lastActivity)) ?? latest(fields.createdTime),
      as_of: latest(fields.lastUpdateTime),
      ...decisionOf(fields.status, fields.classification),
      url: link(fields.incidentUri),
      entities: some(entitiesIn(alerts)),
      mitre: some(techniquesOf(alerts.flatMap(({ mitreTechniques }) => texts(mitreTechniques)))),
      tags: some([...texts(fields.tags), ...(merged ? ["redirected"] : [])]),
    });
  }),

  eventId: (fields) => joined(fields.incidentId, fields.lastUpdateTime),
};

function entitiesIn(alerts: readonly Fields[]): readonly Entity[] {
  const devices = alerts.flatMap((alert) => records(alert.devices));
  const items = alerts.flatMap((alert) => records(alert.entities));
  const users = items.filter((item) => ["user", "mailbox"].includes(entityKind(item) ?? "")).map(personOf);
  return distinct([
    ...victimsFirst(
      entities(
        "host",
        "related",
        devices.map(({ deviceDnsName }) => deviceDnsName),
      ),
    ),
    ...victimsFirst(entities("user", "related", users)),
    ...items.flatMap(thingsIn),
  ]);
}
