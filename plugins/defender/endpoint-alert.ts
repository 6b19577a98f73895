import {
  defined,
  distinct,
  type Entity,
  entities,
  humanise,
  instant,
  link,
  record,
  records,
  severityOf,
  some,
  text,
} from "@thruway/sdk";
import { fileEntities, personOf, processEntities, victimsFirst } from "./assets.ts";
import { type Family, type Fields, joined, missing, missingAll, type Options } from "./family.ts";
import { describe, techniquesOf, typeOf } from "./wording.ts";

/** An alert of the Defender for Endpoint API: https://learn.microsoft.com/defender-endpoint/api/alerts */
export const endpointAlert: Family = {
  title: "Defender for Endpoint alert",

  // A device that has left the tenant has no name any more.
  lacks: (fields) => [
    ...missing(fields, "id", "machineId"),
    ...missingAll(fields, "computerDnsName", "alertCreationTime"),
  ],

  toAlert: (fields, options) =>
    defined({
      type: typeOf(fields.category),
      title: text(fields.title) ?? humanise(fields.category) ?? "Defender for Endpoint alert",
      description: describe(fields.description, { Threat: text(fields.threatName) ?? fields.threatFamilyName }),
      severity: severityOf(fields.severity),
      vendor_severity: text(fields.severity),
      external_id: text(fields.id),
      // The last event, not the first: an update of a going attack then moves the incident's last_seen_at.
      occurred_at: instant(fields.lastEventTime) ?? instant(fields.firstEventTime) ?? instant(fields.alertCreationTime),
      url: portalLink(fields, options),
      entities: some(entitiesOf(fields)),
      mitre: some(techniquesOf(fields.mitreTechniques)),
    }),

  eventId: (fields) => joined(fields.id, fields.lastUpdateTime),
};

const portal = "https://security.microsoft.com";

/** The API gives no link; the portal has the alert under the id that the API gives it. */
function portalLink(fields: Fields, { portal_url = portal }: Options): string | undefined {
  const id = text(fields.id);
  if (id === undefined) return undefined;
  const tenant = text(fields.aadTenantId);
  const page = `${portal_url.replace(/\/+$/, "")}/alerts/${encoded(id)}`;
  return link(tenant === undefined ? page : `${page}?tid=${encoded(tenant)}`);
}

function encoded(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

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
  const accounts = evidence.filter((item) => kindOf(item) === "user");
  const name = text(related.userName);
  const same = accounts.find((account) => name !== undefined && sameText(account.accountName, name));
  const first = same ?? { accountName: name, domainName: related.domainName };
  return entities("user", "related", [first, ...accounts.filter((account) => account !== same)].map(personOf));
}

function sameText(one: unknown, other: string): boolean {
  return text(one)?.toLowerCase() === other.toLowerCase();
}

function thingsIn(evidence: Fields): readonly Entity[] {
  switch (kindOf(evidence)) {
    case "process":
      return processEntities(evidence.processCommandLine, evidence, "related");
    case "file":
      return fileEntities(evidence, "related");
    case "ip":
      return entities("ip", "related", evidence.ipAddress);
    case "url":
      return entities("url", "related", evidence.url);
    default:
      return [];
  }
}

function kindOf(evidence: Fields): string | undefined {
  return text(evidence.entityType)?.toLowerCase();
}
