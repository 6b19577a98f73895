import { defined, humanise, instant, link, records, severityOf, some, text, texts } from "@thruway/sdk";
import { each, type Family, type Fields, joined, missing, missingAll } from "./family.ts";
import { entitiesOf, kindOf } from "./graph-evidence.ts";
import { decisionOf, describe, latest, stated, techniquesOf, typeOf } from "./wording.ts";

/** An alert of the Graph security API (`alerts_v2`): https://learn.microsoft.com/graph/api/resources/security-alert */
export const graphAlert: Family = {
  title: "Microsoft Graph alert",

  lacks: (fields) => [...missing(fields, "id"), ...lacksType(fields)],

  read: each((fields) => {
    const evidence = records(fields.evidence);
    const messages = evidence.filter((item) => kindOf(item) === "analyzedmessage");
    return defined({
      type: typeOf(
        fields.category,
        messages.flatMap((message) => texts(message.threats)),
      ),
      title: text(fields.title) ?? humanise(fields.category) ?? "Microsoft Defender alert",
      description: describe(fields.description, {
        Threat: text(fields.threatDisplayName) ?? fields.threatFamilyName,
        Subject: [...new Set(messages.flatMap((message) => texts(message.subject, null)))],
        Classification: stated(fields.classification),
        Determination: stated(fields.determination),
      }),
      severity: severityOf(fields.severity),
      vendor_severity: text(fields.severity),
      external_id: text(fields.id),
      // The last activity, not the first: an update of a going attack then moves the incident's last_seen_at.
      occurred_at:
        instant(fields.lastActivityDateTime) ??
        instant(fields.firstActivityDateTime) ??
        instant(fields.createdDateTime),
      first_seen_at: instant(fields.firstActivityDateTime),
      as_of: latest(fields.lastUpdateDateTime, fields.resolvedDateTime),
      ...decisionOf(fields.status, fields.classification),
      url: link(fields.alertWebUrl) ?? link(fields.incidentWebUrl),
      entities: some(entitiesOf(evidence)),
      mitre: some(techniquesOf(fields.mitreTechniques)),
      tags: some(texts(fields.systemTags)),
    });
  }),

  eventId: (fields) => joined(fields.id, fields.lastUpdateDateTime),
};

/** Not every deployment keeps the `#`; and a list's items have no type of their own, since its context names it. */
const alertType = /^#?microsoft\.graph\.security\.alert$/i;

function lacksType(fields: Fields): readonly string[] {
  const type = text(fields["@odata.type"]);
  if (type !== undefined) return alertType.test(type) ? [] : ['the "@odata.type" #microsoft.graph.security.alert'];
  return missingAll(fields, "@odata.type", "providerAlertId", "serviceSource", "alertWebUrl");
}
