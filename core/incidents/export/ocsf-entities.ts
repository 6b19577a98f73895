import type { Entity, EntityRole } from "@thruway/sdk/alert";
import {
  accountOf,
  algorithmOf,
  type HashAlgorithm,
  isAddress,
  isMailbox,
  mailOf,
  only,
  pathOf,
  processOf,
} from "./read-entity.ts";

type Fields = Readonly<Record<string, unknown>>;

/** What a Detection Finding says of the entities of an incident. */
export interface Evidence {
  readonly observables: readonly object[];
  readonly evidences: readonly object[];
  /** What was attacked, and whatever has no place among the evidence. */
  readonly resources: readonly object[];
  /** The host that was attacked, where there is one and no other. */
  readonly device: object | undefined;
}

type Coded = readonly [id: number, caption: string];

const observable = {
  other: [99, "Other"],
  hostname: [1, "Hostname"],
  ip: [2, "IP Address"],
  user: [4, "User Name"],
  email: [5, "Email Address"],
  url: [6, "URL String"],
  fileName: [7, "File Name"],
  hash: [8, "Hash"],
  processName: [9, "Process Name"],
  commandLine: [13, "Command Line"],
  resource: [38, "Resource Details Object: name"],
  filePath: [45, "File Path"],
} as const satisfies Record<string, Coded>;

const algorithms: Readonly<Record<HashAlgorithm, Coded>> = {
  md5: [1, "MD5"],
  sha1: [2, "SHA-1"],
  sha256: [3, "SHA-256"],
  sha384: [9, "SHA-384"],
  sha512: [4, "SHA-512"],
};

const resourceRoles: Readonly<Record<EntityRole, Coded>> = {
  target: [1, "Target"],
  actor: [2, "Actor"],
  source: [4, "Related"],
  destination: [4, "Related"],
  sender: [4, "Related"],
  recipient: [4, "Related"],
  related: [4, "Related"],
};

const unknownDevice = { type_id: 0, type: "Unknown" } as const;

/** What can be searched for, once each. @param places where else in the event the value stands, by the entity */
export function observablesOf(entities: readonly Entity[], places?: ReadonlyMap<Entity, string>): readonly object[] {
  const made = new Map<string, object>();
  for (const entity of entities) {
    const [type_id, type] = observableType(entity);
    const key = `${type_id} ${entity.value}`;
    const name = places?.get(entity);
    if (!made.has(key)) made.set(key, { ...(name !== undefined && { name }), type_id, type, value: entity.value });
  }
  return [...made.values()];
}

function observableType({ type, value }: Entity): Coded {
  if (type === "host" || type === "domain") return isAddress(value) ? observable.ip : observable.hostname;
  if (type === "ip") return isAddress(value) ? observable.ip : observable.other;
  if (type === "file") return pathOf(value).path === undefined ? observable.fileName : observable.filePath;
  if (type === "process") {
    const { commandLine, executable } = processOf(value);
    if (commandLine !== undefined) return observable.commandLine;
    return executable === undefined ? observable.processName : observable.filePath;
  }
  return observable[type];
}

/** Everything that a Detection Finding has room for. Each entity has one place, and its observable names it. */
export function evidenceOf(entities: readonly Entity[]): Evidence {
  const evidences: object[] = [];
  const places = new Map<Entity, string>();
  for (const { evidence, held } of [mail(entities), connection(entities), files(entities), singly(entities)].flat()) {
    const fresh = held.filter(({ entity }) => !places.has(entity));
    if (fresh.length === 0) continue;
    for (const { entity, at } of fresh) places.set(entity, `evidences[${evidences.length}].${at}`);
    evidences.push(evidence);
  }
  const resources = entities.filter(isResource);
  for (const [index, entity] of resources.entries()) {
    if (!places.has(entity)) places.set(entity, `resources[${index}].name`);
  }
  return {
    observables: observablesOf(entities, places),
    evidences,
    resources: resources.map(resourceOf),
    device: deviceOf(entities),
  };
}

/** A piece of evidence, and where in it each of its entities stands. */
interface Piece {
  readonly evidence: Fields;
  readonly held: readonly { readonly entity: Entity; readonly at: string }[];
}

function piece(what: string, fields: Fields, ...held: readonly (readonly [entity: Entity, at: string])[]): Piece {
  return { evidence: { name: what, ...fields }, held: held.map(([entity, at]) => ({ entity, at })) };
}

/** One message; what is no mailbox to OCSF stands by itself. */
function mail(entities: readonly Entity[]): readonly Piece[] {
  const found = mailOf(entities);
  const [sender, ...senders] = found?.from.filter(isMailbox) ?? [];
  const to = found?.to.filter(isMailbox) ?? [];
  if (sender === undefined && to.length === 0) return [];
  const email = {
    ...(sender !== undefined && { from: sender }),
    ...(senders.length > 0 && { from_list: [sender, ...senders] }),
    ...(to.length > 0 && { to }),
  };
  const held = entities.filter(({ type, value }) => type === "email" && [sender, ...senders, ...to].includes(value));
  return [piece("message", { email }, ...held.map((entity) => [entity, placeIn(email, entity.value)] as const))];
}

function placeIn(email: { readonly from?: string; readonly to?: readonly string[] }, value: string): string {
  if (email.from === value) return "email.from";
  const index = email.to?.indexOf(value) ?? -1;
  return index < 0 ? "email.from_list" : `email.to[${index}]`;
}

/** Both ends of a connection, where there is one of each. */
function connection(entities: readonly Entity[]): readonly Piece[] {
  const from = only(entities.filter((entity) => endOf(entity) === "src_endpoint"));
  const to = only(entities.filter((entity) => endOf(entity) === "dst_endpoint"));
  if (from === undefined || to === undefined) return [];
  const [source, destination] = [endpointOf(from), endpointOf(to)];
  return [
    piece(
      "connection",
      { src_endpoint: source.endpoint, dst_endpoint: destination.endpoint },
      [from, `src_endpoint.${source.field}`],
      [to, `dst_endpoint.${destination.field}`],
    ),
  ];
}

function endOf({ type, role, value }: Entity): "src_endpoint" | "dst_endpoint" | undefined {
  if (type !== "host" && type !== "domain" && !(type === "ip" && isAddress(value))) return undefined;
  if (role === "source" || role === "actor") return "src_endpoint";
  return role === "destination" ? "dst_endpoint" : undefined;
}

function endpointOf({ type, value }: Entity): { readonly field: string; readonly endpoint: object } {
  const field = isAddress(value) ? "ip" : type === "domain" ? "domain" : "hostname";
  return { field, endpoint: { [field]: value } };
}

/** The only file has all the hashes, unless there are two of one algorithm. */
function files(entities: readonly Entity[]): readonly Piece[] {
  const hashes = entities.filter(({ type }) => type === "hash");
  const file = only(entities.filter(({ type }) => type === "file"));
  const kinds = hashes.map(({ value }) => algorithmOf(value));
  if (file === undefined || kinds.includes(undefined) || new Set(kinds).size < kinds.length) return [];
  const held = hashes.map((hash, index) => [hash, `file.hashes[${index}].value`] as const);
  const fields = { ...fileOf(file.value), ...(hashes.length > 0 && { hashes: hashes.map(fingerprint) }) };
  return [piece(nameOf(file), { file: fields }, [file, fileField(file)], ...held)];
}

function fileOf(value: string): object {
  const { name, path, extension, directory } = pathOf(value);
  return {
    name,
    ...(path !== undefined && { path }),
    ...(directory !== undefined && { parent_folder: directory }),
    ...(extension !== undefined && { ext: extension }),
    type_id: 0,
    type: "Unknown",
  };
}

function fileField({ value }: Entity): string {
  return pathOf(value).path === undefined ? "file.name" : "file.path";
}

function fingerprint({ value }: Entity): object {
  const kind = algorithmOf(value);
  const [algorithm_id, algorithm] = kind === undefined ? [0, "Unknown"] : algorithms[kind];
  return { algorithm_id, algorithm, value };
}

/** Whatever is left, each by itself. */
function singly(entities: readonly Entity[]): readonly Piece[] {
  return entities.filter(({ type }) => type !== "resource").map((entity) => single(entity));
}

function single(entity: Entity): Piece {
  const { type, role, value } = entity;
  const end = endOf(entity);
  const name = nameOf(entity);
  if (end !== undefined) {
    const { field, endpoint } = endpointOf(entity);
    return piece(name, { [end]: endpoint }, [entity, `${end}.${field}`]);
  }
  if (type === "host" || (type === "ip" && role === "target" && isAddress(value))) {
    const field = isAddress(value) ? "ip" : "hostname";
    return piece(name, { device: { [field]: value, ...unknownDevice } }, [entity, `device.${field}`]);
  }
  if (type === "user" && role === "actor") {
    return piece(name, { actor: { user: userOf(value) } }, [entity, "actor.user.name"]);
  }
  if (type === "user") return piece(name, { user: userOf(value) }, [entity, "user.name"]);
  if (type === "email" && isMailbox(value)) return piece(name, { user: userOf(value) }, [entity, "user.email_addr"]);
  if (type === "url") return piece(name, { url: urlOf(value) }, [entity, "url.url_string"]);
  if (type === "file") return piece(name, { file: fileOf(value) }, [entity, fileField(entity)]);
  // A process of OCSF has an id, a hash a file: what has neither is kept as it is.
  return piece(name, { data: { type, role, value } }, [entity, "data.value"]);
}

/** `target host`, as the evidence is called. */
function nameOf({ role, type }: Entity): string {
  return `${role} ${type}`;
}

function userOf(value: string): object {
  const { name, domain, email } = accountOf(value);
  return { name, ...(domain !== undefined && { domain }), ...(email !== undefined && { email_addr: email }) };
}

function urlOf(value: string): object {
  const url = URL.parse(value);
  if (url === null || url.host === "") return { url_string: value };
  return {
    url_string: value,
    scheme: url.protocol.slice(0, -1),
    hostname: url.hostname,
    ...(url.port !== "" && { port: Number(url.port) }),
    ...(url.pathname !== "" && { path: url.pathname }),
    ...(url.search.length > 1 && { query_string: url.search.slice(1) }),
  };
}

const assets: ReadonlySet<Entity["type"]> = new Set(["host", "ip", "user", "email", "resource"]);

function isResource({ type, role }: Entity): boolean {
  return type === "resource" || (role === "target" && assets.has(type));
}

function resourceOf({ type, role, value }: Entity): object {
  const [role_id, caption] = resourceRoles[role];
  return {
    name: value,
    type,
    role_id,
    role: caption,
    ...(type === "host" && { hostname: value }),
    ...((type === "host" || type === "ip") && isAddress(value) && { ip: value }),
  };
}

/** With its address, where there is only one of each: the same machine, by both its names. */
function deviceOf(entities: readonly Entity[]): object | undefined {
  const targets = entities.filter(({ role }) => role === "target");
  const host = only(targets.filter(({ type }) => type === "host"))?.value;
  if (host === undefined) return undefined;
  const ip = only(targets.filter(({ type, value }) => type === "ip" && isAddress(value)))?.value;
  return { hostname: host, ...(ip !== undefined && { ip }), ...unknownDevice };
}
