import {
  defined,
  distinct,
  type Entity,
  entities,
  humanise,
  link,
  record,
  records,
  severityOf,
  some,
  text,
  texts,
} from "@thruway/sdk";
import { personOf, victimsFirst } from "./assets.ts";
import { each, type Family, type Fields, joined, missing, missingObjects } from "./family.ts";
import { decisionOf, describe, latest, typeOf } from "./wording.ts";

/** An alert of Graph's older API (`security/alerts`): https://learn.microsoft.com/graph/api/resources/alert */
export const graphLegacyAlert: Family = {
  title: "legacy Microsoft Graph alert",

  lacks: (fields) => [...missing(fields, "id"), ...missingObjects(fields, "vendorInformation")],

  read: each((fields) =>
    defined({
      type: typeOf(fields.category),
      title: text(fields.title) ?? humanise(fields.category) ?? "Microsoft alert",
      description: describe(fields.description, { Provider: record(fields.vendorInformation).provider }),
      severity: severityOf(fields.severity),
      vendor_severity: text(fields.severity),
      external_id: text(fields.id),
      occurred_at: latest(fields.eventDateTime) ?? latest(fields.createdDateTime),
      as_of: latest(fields.lastModifiedDateTime, fields.closedDateTime),
      ...decisionOf(fields.status, fields.feedback),
      url: texts(fields.sourceMaterials, null)
        .map(link)
        .find((url) => url !== undefined),
      entities: some(entitiesOf(fields)),
      tags: some(texts(fields.tags)),
    }),
  ),

  eventId: (fields) => joined(fields.id, fields.lastModifiedDateTime),
};

function entitiesOf(fields: Fields): readonly Entity[] {
  const hosts = records(fields.hostStates);
  const names = hosts.map(({ fqdn, netBiosName }) => text(fqdn) ?? netBiosName);
  return distinct([
    ...victimsFirst(entities("host", "related", names)),
    ...victimsFirst(entities("user", "related", records(fields.userStates).map(personOf))),
    ...hosts.flatMap((host) => entities("ip", "target", host.privateIpAddress, host.publicIpAddress)),
    ...records(fields.fileStates).flatMap((file) => [
      ...entities("file", "related", text(file.path) ?? file.name),
      ...entities("hash", "related", record(file.fileHash).hashValue),
    ]),
    ...records(fields.processes).flatMap((process) =>
      entities("process", "related", text(process.commandLine) ?? process.path),
    ),
    ...records(fields.networkConnections).flatMap((connection) => [
      ...entities("ip", "source", connection.sourceAddress),
      ...entities("ip", "destination", connection.destinationAddress),
      ...entities("domain", "destination", connection.destinationDomain),
      ...entities("url", "destination", connection.destinationUrl),
    ]),
  ]);
}
