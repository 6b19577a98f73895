import {
  type Alert,
  defined,
  distinct,
  type Entity,
  type EntityRole,
  entities,
  firstText,
  ignore,
  instant,
  JsonError,
  parseJson,
  record,
  severityOf,
  some,
  text,
  texts,
} from "@thruway/sdk";
import { fileEntities, personOf, victimsFirst } from "./assets.ts";
import type { Family, Fields, Options, Reading } from "./family.ts";
import { missing, missingAll } from "./family.ts";
import { describe, latest, portalLink, tacticsOf, techniquesOf, typeOf } from "./wording.ts";

/**
 * Rows of advanced hunting, as the streaming API of Defender XDR writes them and functions relay them: an alert is a row of
 * AlertInfo and one of AlertEvidence for each thing that it is about, in any order and over any number of deliveries.
 * https://learn.microsoft.com/defender-xdr/supported-event-types
 */
export const xdrStream: Family = {
  title: "Defender XDR streaming row",

  lacks(fields) {
    if (isTelemetry(fields)) return [];
    const row = rowOf(fields);
    const isBare = tableOf(fields) === undefined;
    return [
      ...missing(row, "AlertId"),
      ...(isBare ? missingAll(row, "EntityType", "DetectionSource", "ServiceSource") : []),
    ];
  },

  read(all, options) {
    const { alerts = [], telemetry = [] } = Object.groupBy(all, (each) => (isTelemetry(each) ? "telemetry" : "alerts"));
    const byAlert = Map.groupBy(alerts, (fields) => text(rowOf(fields).AlertId) ?? "");
    return [
      ...[...byAlert].map(([id, rows]) => alertOf(id, rows, options)),
      ...telemetry.map((fields): Reading => ignore(`rows of ${tableOf(fields)?.slice(0, 60)}, which hold no alert`)),
    ];
  },

  // One row is sent once; an alert has many.
  eventId: () => undefined,
};

const tableForm = /^AdvancedHunting-(\w+)$/;

/** `AlertEvidence`, or `undefined` where only the row was relayed. */
function tableOf({ category }: Fields): string | undefined {
  return tableForm.exec(text(category) ?? "")?.[1];
}

/** A tenant can stream every table; only two are about alerts. */
function isTelemetry(fields: Fields): boolean {
  return tableOf(fields)?.startsWith("Alert") === false;
}

function rowOf(fields: Fields): Fields {
  return tableOf(fields) === undefined ? fields : record(fields.properties);
}

/** Without a row of AlertInfo some words may be missing: another delivery has them. */
function alertOf(id: string, all: readonly Fields[], options: Options): Alert {
  const rows = all.map(rowOf);
  const info = rows.filter((row) => text(row.EntityType) === undefined);
  const say = (name: string): readonly string[] => [...info, ...rows].flatMap((row) => listIn(row[name]));
  const categories = [...say("Category"), ...say("Categories")];
  const [title] = say("Title");
  const [severity] = say("Severity");
  const times = rows.map(({ Timestamp }) => instant(Timestamp)).filter((time) => time !== undefined);
  const fallback = [...(categories.length === 0 ? ["type" as const] : []), ...(title ? [] : ["title" as const])];
  return defined({
    type: typeOf(categories, title),
    title: title ?? "Microsoft Defender XDR alert",
    description: describe(undefined, {
      Subject: [...new Set(say("EmailSubject"))],
      Threat: [...new Set(say("ThreatFamily"))],
    }),
    severity: severityOf(severity),
    vendor_severity: severity,
    external_id: id,
    occurred_at: latest(times),
    first_seen_at: times.toSorted()[0],
    url: portalLink(id, firstText(all.map(({ tenantId }) => tenantId)), options),
    entities: some(entitiesIn(rows)),
    mitre: some([...tacticsOf(categories.filter(isTactic)), ...techniquesOf(say("AttackTechniques"))]),
    fallback: some(fallback),
  });
}

/** A list written as JSON in a string, a list, or one word; `""` and `"[]"` are none. */
function listIn(value: unknown): readonly string[] {
  const word = text(value);
  if (word === undefined || !word.startsWith("[")) return texts(value, null);
  const list = parsed(word);
  return Array.isArray(list) ? texts(list) : [word];
}

function parsed(json: string): unknown {
  try {
    return parseJson(Buffer.from(json));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** Categories that are no tactic of ATT&CK. */
const notTactics = new Set(["Malware", "Ransomware", "UnwantedSoftware", "SuspiciousActivity", "Exploit", "Unknown"]);

function isTactic(category: string): boolean {
  return !notTactics.has(category);
}

function entitiesIn(rows: readonly Fields[]): readonly Entity[] {
  return distinct([
    ...victimsFirst(rows.flatMap((row) => entities("host", roleOf(row), row.DeviceName))),
    ...victimsFirst(
      rows.filter((row) => kindOf(row) === "user").flatMap((row) => entities("user", roleOf(row), userIn(row))),
    ),
    ...rows.flatMap(thingsIn),
  ]);
}

function kindOf({ EntityType }: Fields): string {
  return text(EntityType)?.toLowerCase() ?? "";
}

function roleOf({ EvidenceRole, EvidenceDirection }: Fields): EntityRole {
  const direction = text(EvidenceDirection)?.toLowerCase();
  if (direction === "source" || direction === "destination") return direction;
  return text(EvidenceRole)?.toLowerCase() === "impacted" ? "target" : "related";
}

function userIn(row: Fields): string | undefined {
  return personOf({
    accountName: row.AccountName,
    domainName: row.AccountDomain,
    userSid: row.AccountSid,
    userPrincipalName: row.AccountUpn,
  });
}

function thingsIn(row: Fields): readonly Entity[] {
  const role = roleOf(row);
  const more = record(parsed(text(row.AdditionalFields) ?? "{}"));
  switch (kindOf(row)) {
    case "ip":
      return entities("ip", role, firstText(row.RemoteIP, row.LocalIP, more.Address));
    case "url":
      return entities("url", role, firstText(row.RemoteUrl, more.Url));
    case "file":
      return fileEntities(fileIn(row), role);
    case "process":
      return [...entities("process", role, row.ProcessCommandLine), ...fileEntities(fileIn(row), role)];
    case "mailbox":
      return entities(
        "email",
        role === "related" ? "target" : role,
        firstText(row.AccountUpn, more.MailboxPrimaryAddress),
      );
    case "mailmessage":
      return [
        ...entities("email", "sender", firstText(more.P2Sender, more.Sender), more.P1Sender),
        ...entities("email", "recipient", texts(more.Recipient)),
        ...entities("ip", "source", more.SenderIP),
        ...entities("url", "related", texts(more.Urls, null)),
      ];
    case "cloudapplication":
    case "oauthapplication":
      return entities("resource", role, firstText(row.Application, row.OAuthApplicationId));
    case "cloudresource":
      return entities("resource", role, firstText(row.CloudResource, row.ResourceID));
    default:
      return [];
  }
}

function fileIn({ FileName, FolderPath, SHA1, SHA256 }: Fields): Fields {
  return { fileName: FileName, filePath: FolderPath, sha1: SHA1, sha256: SHA256 };
}
