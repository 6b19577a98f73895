import {
  defined,
  distinct,
  type Entity,
  entities,
  humanise,
  record,
  records,
  severityOf,
  some,
  text,
} from "@thruway/sdk";
import { personOf, victimsFirst } from "./assets.ts";
import { entityKind, thingsIn } from "./entity-rows.ts";
import { each, type Family, type Fields, joined, missing, missingAll } from "./family.ts";
import { decisionOf, describe, latest, portalLink, stated, techniquesOf, typeOf } from "./wording.ts";

/** An alert of the Defender for Endpoint API: https://learn.microsoft.com/defender-endpoint/api/alerts */
export const endpointAlert: Family = {
  title: "Defender for Endpoint alert",

  // A device that has left the tenant has no name any more.
  lacks: (fields) => [
    ...missing(fields, "id", "machineId"),
    ...missingAll(fields, "computerDnsName", "alertCreationTime"),
  ],

  read: each((fields, options) =>
    defined({
      type: typeOf(fields.category),
      title: text(fields.title) ?? humanise(fields.category) ?? "Defender for Endpoint alert",
      description: describe(fields.description, {
        Threat: text(fields.threatName) ?? fields.threatFamilyName,
        Classification: stated(fields.classification),
        Determination: stated(fields.determination),
      }),
      severity: severityOf(fields.severity),
      vendor_severity: text(fields.severity),
      external_id: text(fields.id),
      // The last event, not the first: an update of a going attack then moves the incident's last_seen_at.
      occurred_at: latest(fields.lastEventTime) ?? latest(fields.firstEventTime) ?? latest(fields.alertCreationTime),
      first_seen_at: latest(fields.firstEventTime),
      as_of: latest(fields.lastUpdateTime, fields.resolvedTime),
      ...decisionOf(fields.status, fields.classification),
      url: portalLink(fields.id, fields.aadTenantId, options),
      entities: some(entitiesOf(fields)),
      mitre: some(techniquesOf(fields.mitreTechniques)),
    }),
  ),

  eventId: (fields) => joined(fields.id, fields.lastUpdateTime),
};

function entitiesOf(fields: Fields): readonly Entity[] {
  const evidence = records(fields.evidence);
  return distinct([
    ...entities("host", "target", fields.computerDnsName),
    ...victimsFirst(usersOf(record(fields.relatedUser), evidence)),
    ...evidence.flatMap(thingsIn),
  ]);
}

/** The related user first. The evidence may name the same person, and then by the principal name that people know. */
function usersOf(related: Fields, evidence: readonly Fields[]): readonly Entity[] {
  const accounts = evidence.filter((item) => entityKind(item) === "user");
  const name = text(related.userName);
  const same = accounts.find((account) => name !== undefined && sameText(account.accountName, name));
  const first = same ?? { accountName: name, domainName: related.domainName };
  return entities("user", "related", [first, ...accounts.filter((account) => account !== same)].map(personOf));
}

function sameText(one: unknown, other: string): boolean {
  return text(one)?.toLowerCase() === other.toLowerCase();
}
