/**
 * Incidents as documents of the Elastic Common Schema 9.4.0. What each field holds, and why, is in docs/export.md.
 */
import type { Entity, EntityRole, Severity } from "@thruway/sdk/alert";
import type { Incident } from "../incident.ts";
import { type Attack, attackOf, attackUrl } from "./attack.ts";
import { categoryOf } from "./ecs-category.ts";
import {
  type Account,
  accountOf,
  algorithmOf,
  isAddress,
  mailboxesOf,
  mailOf,
  only,
  pathOf,
  processOf,
  valuesOf,
} from "./read-entity.ts";

/** A document as it stands on the wire; `docs/export.md` lists its fields. */
export type EcsDocument = Readonly<Record<string, unknown>>;

export const ecsVersion = "9.4.0";

/** The numbers of Elastic's own rules and integrations; there is none below low. */
const severityNumbers: Readonly<Record<Severity, number>> = { critical: 99, high: 73, medium: 47, low: 21, info: 21 };

const framework = "MITRE ATT&CK";

/** Whose account, file or host a document is about, where there are several: what was attacked comes first. */
const byRole: readonly EntityRole[] = ["target", "related", "actor", "source", "destination", "sender", "recipient"];

/** @param incident of which only what is shown is read */
export function toEcs(incident: Incident): EcsDocument {
  const { entities, tags } = incident;
  return {
    "@timestamp": incident.occurred_at,
    ecs: { version: ecsVersion },
    message: incident.title,
    ...(tags.length > 0 && { tags: [...new Set(tags)] }),
    labels: labelsOf(incident),
    event: eventOf(incident),
    rule: { name: incident.title, category: incident.type },
    ...group("threat", threatOf(incident)),
    ...group("host", hostOf(entities)),
    ...group("user", userOf(entities)),
    ...group("source", endOf(entities, "source", "actor")),
    ...group("destination", endOf(entities, "destination")),
    ...group("email", emailOf(entities)),
    ...group("url", urlOf(entities)),
    ...group("file", fileOf(entities)),
    ...group("process", processFieldsOf(entities)),
    ...group("related", relatedOf(entities)),
    ...(entities.length > 0 && { thruway: { entities } }),
  };
}

function labelsOf(incident: Incident): Readonly<Record<string, string>> {
  const { number, status, severity, plugin, occurrences } = incident;
  const rest = {
    verdict: incident.verdict,
    vendor_severity: incident.vendor_severity,
    external_id: incident.external_id,
    assignee: incident.assignee,
    trace_id: incident.trace_id,
  };
  const said = Object.entries(rest).filter((each): each is [string, string] => (each[1] ?? "") !== "");
  return { number, status, severity, plugin, occurrences: String(occurrences), ...Object.fromEntries(said) };
}

function eventOf(incident: Incident): object {
  const { id, source, severity, description, url } = incident;
  return {
    kind: "alert",
    ...categoryOf(incident.type),
    id,
    severity: severityNumbers[severity],
    module: "thruway",
    dataset: "thruway.incident",
    provider: source,
    created: incident.received_at,
    start: incident.first_seen_at,
    end: incident.last_seen_at,
    ...(description && { reason: description }),
    ...(url && { url }),
  };
}

function threatOf({ mitre }: Incident): object {
  const attacks = mitre.map((entry) => attackOf(entry)).filter((attack) => attack !== undefined);
  if (attacks.length === 0) return {};
  const subTechnique = kindOf(attacks, "subTechnique");
  const technique = { ...kindOf(attacks, "technique"), ...group("subtechnique", subTechnique) };
  return { framework, ...group("tactic", kindOf(attacks, "tactic")), ...group("technique", technique) };
}

function kindOf(attacks: readonly Attack[], kind: keyof Attack): object {
  const found = attacks.map((attack) => attack[kind]).filter((each) => each !== undefined);
  const ids = found.map(({ id }) => id).filter((id) => id !== undefined);
  return lists({
    id: ids,
    name: found.map(({ name }) => name).filter((name) => name !== undefined),
    reference: ids.map(attackUrl),
  });
}

function hostOf(entities: readonly Entity[]): object {
  const host = valuesOf(entities, "host", "target")[0] ?? valuesOf(entities, "host", "related")[0];
  const ip = valuesOf(entities, "ip", "target").filter(isAddress);
  return { ...(host !== undefined && { name: host, hostname: host }), ...lists({ ip }) };
}

function userOf(entities: readonly Entity[]): object {
  const [user] = inOrder(entities, "user");
  if (user !== undefined) return account(accountOf(user));
  const [mailbox] = mailboxesOf(entities);
  return mailbox === undefined ? {} : { email: mailbox };
}

/** One end of a connection, and who stood there. */
function endOf(entities: readonly Entity[], ...roles: readonly EntityRole[]): object {
  const [ip] = valuesOf(entities, "ip", ...roles).filter(isAddress);
  const names = [...valuesOf(entities, "host", ...roles), ...valuesOf(entities, "domain", ...roles)];
  const [domain] = names.filter((name) => !isAddress(name));
  const [user] = valuesOf(entities, "user", ...roles);
  const address = ip ?? domain;
  return {
    ...(address !== undefined && { address }),
    ...(ip !== undefined && { ip }),
    ...(domain !== undefined && { domain }),
    ...(user !== undefined && { user: account(accountOf(user)) }),
  };
}

function account({ name, domain, email }: Account): object {
  return { name, ...(domain !== undefined && { domain }), ...(email !== undefined && { email }) };
}

function emailOf(entities: readonly Entity[]): object {
  const { from = [], to = [] } = mailOf(entities) ?? {};
  return { ...group("from", lists({ address: from })), ...group("to", lists({ address: to })) };
}

function urlOf(entities: readonly Entity[]): object {
  const [original] = inOrder(entities, "url");
  if (original === undefined) return {};
  const url = URL.parse(original);
  if (url === null || url.hostname === "") return { original };
  return {
    original,
    full: original,
    scheme: url.protocol.slice(0, -1),
    domain: url.hostname,
    ...(url.port !== "" && { port: Number(url.port) }),
    ...(url.pathname !== "" && { path: url.pathname }),
    ...(url.search.length > 1 && { query: url.search.slice(1) }),
    ...(url.hash.length > 1 && { fragment: url.hash.slice(1) }),
  };
}

/** The only file has the hashes, and so has the unnamed one where there is none; two of one algorithm are of two files. */
function fileOf(entities: readonly Entity[]): object {
  const files = inOrder(entities, "file");
  const [file] = files;
  const path = file === undefined ? {} : pathOf(file);
  return { ...path, ...(files.length <= 1 && group("hash", hashesOf(entities))) };
}

function hashesOf(entities: readonly Entity[]): object {
  const byAlgorithm = Map.groupBy(valuesOf(entities, "hash"), algorithmOf);
  const single = [...byAlgorithm].map(([kind, values]) => [kind, only(values)] as const);
  const sure = single.filter(([kind, value]) => kind !== undefined && value !== undefined);
  return Object.fromEntries(sure);
}

function processFieldsOf(entities: readonly Entity[]): object {
  const [process] = inOrder(entities, "process");
  if (process === undefined) return {};
  const { name, executable, commandLine } = processOf(process);
  return {
    ...(name !== undefined && { name }),
    ...(executable !== undefined && { executable }),
    ...(commandLine !== undefined && { command_line: commandLine }),
  };
}

/** Everything that is searched for, whatever its role. */
function relatedOf(entities: readonly Entity[]): object {
  const names = [...valuesOf(entities, "host"), ...valuesOf(entities, "domain")];
  const accounts = valuesOf(entities, "user").map(accountOf);
  return lists({
    hosts: names.filter((name) => !isAddress(name)),
    ip: [...valuesOf(entities, "ip"), ...names].filter(isAddress),
    user: [...accounts.map(({ name }) => name), ...valuesOf(entities, "email")],
    hash: valuesOf(entities, "hash"),
  });
}

function inOrder(entities: readonly Entity[], type: Entity["type"]): readonly string[] {
  return byRole.flatMap((role) => valuesOf(entities, type, role));
}

/** Fields of values, each once; those without any are left out. */
function lists(fields: Readonly<Record<string, readonly string[]>>): object {
  const distinct = Object.entries(fields).map(([name, list]) => [name, [...new Set(list)]] as const);
  return Object.fromEntries(distinct.filter(([, list]) => list.length > 0));
}

/** A group of fields; nothing where it is empty. */
function group(name: string, fields: object): object {
  return Object.keys(fields).length === 0 ? {} : { [name]: fields };
}
