import {
  type AlertStatus,
  defined,
  distinct,
  type Entity,
  entities,
  firstText,
  link,
  record,
  records,
  severityOf,
  some,
  statusOf,
  text,
  texts,
  verdictOf,
} from "@thruway/sdk";
import { fileEntities, personOf, victimsFirst } from "./assets.ts";
import { each, type Family, type Fields, joined } from "./family.ts";
import { describe, either, latest, stated, tacticsOf, techniquesOf, typeOf } from "./wording.ts";

/**
 * An incident of Microsoft Sentinel: as its trigger gives it to a Logic App, as its REST API does, or as Microsoft's SDK for
 * Python writes it, flat and in snake_case: https://learn.microsoft.com/rest/api/securityinsights/incidents/get
 */
export const sentinelIncident: Family = {
  title: "Microsoft Sentinel incident",

  lacks(fields) {
    const { properties } = placesOf(fields);
    return ["incidentNumber", "title"]
      .filter((name) => text(either(properties, name)) === undefined)
      .map((name) => `"${name}"`);
  },

  read: each((fields) => {
    const { incident, properties } = placesOf(fields);
    const say = (name: string): unknown => either(properties, name);
    const more = record(say("additionalData"));
    const tactics = either(more, "tactics");
    return defined({
      type: typeOf(tactics, "incident", say("title")),
      title: text(say("title")) ?? "Microsoft Sentinel incident",
      description: describe(say("description"), {
        Products: either(more, "alertProductNames"),
        Classification: stated(say("classification")),
      }),
      severity: severityOf(say("severity")),
      vendor_severity: text(say("severity")),
      external_id: firstText(incident.name, incident.id, say("incidentNumber")),
      occurred_at: latest(say("lastActivityTimeUtc")) ?? latest(say("firstActivityTimeUtc"), say("createdTimeUtc")),
      first_seen_at: latest(say("firstActivityTimeUtc")),
      as_of: latest(say("lastModifiedTimeUtc")),
      status: statusFrom(say("status")),
      verdict: verdictOf(say("classification")),
      url: link(say("incidentUrl")),
      entities: some(entitiesIn(records(say("relatedEntities")))),
      mitre: some([...tacticsOf(tactics), ...techniquesOf(either(more, "techniques"))]),
      tags: some(records(say("labels")).flatMap((label) => texts(either(label, "labelName"), null))),
    });
  }),

  eventId(fields) {
    const { incident } = placesOf(fields);
    return joined(fields.eventUniqueId) ?? joined(incident.name, incident.etag);
  },
};

interface Places {
  readonly incident: Fields;
  readonly properties: Fields;
}

function placesOf(fields: Fields): Places {
  const incident = isObject(fields.object) ? record(fields.object) : fields;
  return { incident, properties: isObject(incident.properties) ? record(incident.properties) : incident };
}

function isObject(value: unknown): boolean {
  return Object.keys(record(value)).length > 0;
}

/** An active one is being worked on; only a new one is open to all. */
function statusFrom(word: unknown): AlertStatus | undefined {
  return text(word)?.toLowerCase() === "active" ? "in_progress" : statusOf(word);
}

/** The `owner` of an incident is its analyst, and no part of what happened. */
function entitiesIn(all: readonly Fields[]): readonly Entity[] {
  const of = (...kinds: readonly string[]): readonly Fields[] =>
    all.filter((entity) => kinds.includes(kindOf(entity))).map(({ properties }) => record(properties));
  return distinct([
    ...victimsFirst(entities("host", "related", of("host").map(hostName))),
    ...victimsFirst(entities("user", "related", of("account").map(accountName))),
    ...entities(
      "email",
      "target",
      of("mailbox").map((box) => either(box, "mailboxPrimaryAddress")),
    ),
    ...of("mailmessage", "submissionmail").flatMap(messageEntities),
    ...entities(
      "ip",
      "related",
      of("ip").map(({ address }) => address),
    ),
    ...entities(
      "url",
      "related",
      of("url").map(({ url }) => url),
    ),
    ...entities(
      "domain",
      "related",
      of("dnsresolution").map((found) => either(found, "domainName")),
    ),
    ...of("file").flatMap((file) =>
      fileEntities({ fileName: either(file, "fileName"), filePath: file.directory }, "related"),
    ),
    ...entities(
      "hash",
      "related",
      of("filehash").map((found) => either(found, "hashValue")),
    ),
    ...entities(
      "process",
      "related",
      of("process").map((found) => either(found, "commandLine")),
    ),
    ...entities(
      "resource",
      "related",
      of("azureresource").map((found) => either(found, "resourceId")),
    ),
    ...entities(
      "resource",
      "related",
      of("cloudapplication").map((found) => either(found, "appName")),
    ),
  ]);
}

function kindOf({ kind }: Fields): string {
  return text(kind)?.toLowerCase() ?? "";
}

function hostName(host: Fields): string | undefined {
  const name = text(either(host, "hostName")) ?? text(either(host, "netBiosName"));
  const domain = text(either(host, "dnsDomain"));
  return name === undefined || domain === undefined || name.endsWith(domain) ? name : `${name}.${domain}`;
}

function accountName(account: Fields): string | undefined {
  const name = text(either(account, "accountName"));
  const suffix = text(either(account, "upnSuffix"));
  return personOf({
    accountName: name,
    domainName: either(account, "ntDomain"),
    userSid: account.sid,
    userPrincipalName: name === undefined || suffix === undefined ? undefined : `${name}@${suffix}`,
    displayName: either(account, "friendlyName"),
  });
}

function messageEntities(message: Fields): readonly Entity[] {
  const sender = [either(message, "p2Sender"), either(message, "p1Sender"), message.sender];
  return [
    ...entities("email", "sender", sender),
    ...entities("email", "recipient", texts(message.recipient)),
    ...entities("ip", "source", firstText(either(message, "senderIP"), either(message, "senderIp"))),
    ...entities("url", "related", texts(message.urls, null)),
  ];
}
