import { distinct, type Entity, type EntityRole, entities, firstText, record, text, texts } from "@thruway/sdk";
import { fileEntities, personOf, processEntities, victimsFirst } from "./assets.ts";
import type { Fields } from "./family.ts";

/** The entities of an alert's evidence: hosts, then users, then the rest in its order. */
export function entitiesOf(evidence: readonly Fields[]): readonly Entity[] {
  const hosts = evidence.filter((item) => kindOf(item) === "device").flatMap(hostsIn);
  return distinct([...victimsFirst(hosts), ...victimsFirst(usersOf(evidence)), ...evidence.flatMap(thingsIn)]);
}

/** `"#microsoft.graph.security.deviceEvidence"` is `"device"`; some types are documented in two spellings. */
export function kindOf(evidence: Fields): string {
  const type = text(evidence["@odata.type"])?.toLowerCase() ?? "";
  return type.slice(type.lastIndexOf(".") + 1).replace(/^#|evidence$/g, "");
}

const rolesOf: readonly (readonly [EntityRole, readonly string[]])[] = [
  ["target", ["compromised", "attacked", "scanned"]],
  ["actor", ["attacker", "commandAndControl"]],
  ["source", ["source"]],
  ["destination", ["destination"]],
];

function roleOf(evidence: Fields): EntityRole {
  const given = texts(evidence.roles);
  return rolesOf.find(([, words]) => words.some((word) => given.includes(word)))?.[0] ?? "related";
}

/** Who is concerned, by what says it best; a service's account is nobody. */
function usersOf(evidence: readonly Fields[]): readonly Entity[] {
  for (const kind of ["user", "mailbox", "process"]) {
    const users = evidence
      .filter((item) => kindOf(item) === kind)
      .flatMap((item) => entities("user", roleOf(item), userOf(item)));
    if (users.length > 0) return users;
  }
  return [];
}

function userOf(evidence: Fields): string | undefined {
  return text(evidence.upn) ?? personOf(record(evidence.userAccount));
}

function hostsIn(device: Fields): readonly Entity[] {
  return entities("host", roleOf(device), firstText(device.deviceDnsName, device.hostName));
}

/** Addresses that every host has, or gives itself, lead nowhere. */
const localAddress = /^(127\.|169\.254\.|fe80:|::1$)/i;

function thingsIn(evidence: Fields): readonly Entity[] {
  const role = roleOf(evidence);
  switch (kindOf(evidence)) {
    case "device":
      return entities(
        "ip",
        role,
        texts(evidence.ipInterfaces).filter((address) => !localAddress.test(address)),
      );
    case "mailbox":
      return entities("email", role === "related" ? "target" : role, evidence.primaryAddress);
    case "analyzedmessage":
      return messageEntities(evidence);
    case "ip":
      return entities("ip", role, evidence.ipAddress);
    case "url":
      return entities("url", role, evidence.url);
    case "file":
      return fileEntities(record(evidence.fileDetails), role);
    case "process":
      return processEntities(evidence.processCommandLine, record(evidence.imageFile), role);
    case "cloudapplication":
    case "oauthapplication":
    case "securitygroup":
      return entities("resource", role, evidence.displayName);
    case "azureresource":
    case "amazonresource":
      return entities("resource", role, firstText(evidence.resourceName, evidence.resourceId));
    default:
      return [];
  }
}

/** P2 is the sender that the reader sees, P1 the envelope's; in a forged message they differ. */
function messageEntities(message: Fields): readonly Entity[] {
  const [seen, envelope] = [record(message.p2Sender), record(message.p1Sender)];
  return [
    ...entities("email", "sender", seen.emailAddress, envelope.emailAddress),
    ...entities("email", "recipient", texts(message.recipientEmailAddress)),
    ...entities("ip", "source", message.senderIp),
    ...entities("url", "related", texts(message.urls, null)),
  ];
}
