/**
 * What can be read out of an entity's value for sure. Export says less rather than something that the vendor did not say; the
 * value itself always goes along.
 */
import { isIP } from "node:net";
import type { Entity, EntityRole, EntityType } from "@thruway/sdk/alert";

/** The values of the entities of one type, of these roles; of every role where none is named. Each once. */
export function valuesOf(entities: readonly Entity[], type: EntityType, ...roles: readonly EntityRole[]): string[] {
  const found = entities.filter(
    (entity) => entity.type === type && (roles.length === 0 || roles.includes(entity.role)),
  );
  return [...new Set(found.map(({ value }) => value))];
}

/** What is the only one of its kind; several say nothing about which is meant. */
export function only<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}

/** IPv4 or IPv6, also with a zone, as both formats have room for it. */
export function isAddress(value: string): boolean {
  return isIP(value) > 0 && value.length <= longestAddress;
}

const longestAddress = 40;

export interface Account {
  readonly name: string;
  readonly domain?: string;
  readonly email?: string;
}

/** `CORP\j.doe`, `j.doe@example.com`, `j.doe`. */
export function accountOf(value: string): Account {
  const [, domain, name] = /^([^\\@]+)\\{1,2}([^\\]+)$/.exec(value) ?? [];
  if (domain !== undefined && name !== undefined) return { name, domain };
  return isMailbox(value) ? { name: value, email: value } : { name: value };
}

/** A mailbox as OCSF 1.8.0 wants one; what is not in ASCII is none to it. */
export function isMailbox(value: string): boolean {
  return /^[\w!#$%&'*+\-/=?^`{|}~.]+@[a-z\d-]+\.[a-z\d\-.]+$/i.test(value);
}

export interface Path {
  readonly name: string;
  /** Only where there is more than a name. */
  readonly path?: string;
  readonly directory?: string;
  /** Without its dot. */
  readonly extension?: string;
}

/** `C:\Users\j.doe\invoice.docm`, `/etc/ssh/sshd_config`, `invoice.docm`. */
export function pathOf(value: string): Path {
  const [, directory = "", name = ""] = /^(.*[\\/])?([^\\/]*)$/s.exec(value) ?? [];
  if (name === "") return { name: value };
  const extension = /[^.]\.([a-z\d]{1,10})$/i.exec(name)?.[1];
  const parent = directory.length > 1 ? directory.slice(0, -1) : directory;
  return {
    name,
    ...(directory !== "" && { path: value, directory: parent }),
    ...(extension !== undefined && { extension }),
  };
}

export interface Process {
  readonly name?: string;
  readonly executable?: string;
  readonly commandLine?: string;
}

/**
 * `powershell.exe`, `/usr/bin/ssh`, `"C:\Program Files\a.exe" /q`. Where a path ends that has spaces and no quotes nobody can
 * tell: that is a command line and nothing else.
 */
export function processOf(value: string): Process {
  const [, quoted, rest = ""] = /^"([^"]+)"(\s.*)?$/s.exec(value) ?? [];
  if (quoted !== undefined) return { ...programOf(quoted), ...(rest.trim() !== "" && { commandLine: value }) };
  if (!/\s/.test(value)) return programOf(value);
  const [first = ""] = value.split(/\s/, 1);
  const isProgram = !/[\\/]/.test(first) || /\.(exe|com|bat|cmd)$/i.test(first);
  return { ...(isProgram && first !== "" && programOf(first)), commandLine: value };
}

function programOf(value: string): Process {
  const { name, path } = pathOf(value);
  return { name, ...(path !== undefined && { executable: path }) };
}

export const hashAlgorithms = ["md5", "sha1", "sha256", "sha384", "sha512"] as const;
export type HashAlgorithm = (typeof hashAlgorithms)[number];

const digits: ReadonlyMap<number, HashAlgorithm> = new Map([
  [32, "md5"],
  [40, "sha1"],
  [64, "sha256"],
  [96, "sha384"],
  [128, "sha512"],
]);

/** Told by its length; `undefined` for what is no hexadecimal digest of a usual algorithm. */
export function algorithmOf(value: string): HashAlgorithm | undefined {
  return /^[\da-f]+$/i.test(value) ? digits.get(value.length) : undefined;
}

/** Who sent a message and to whom. A mailbox that was attacked is a recipient where there is a message at all. */
export interface Mail {
  readonly from: readonly string[];
  readonly to: readonly string[];
}

/** The message that the entities tell of; `undefined` where none of them sends or receives. */
export function mailOf(entities: readonly Entity[]): Mail | undefined {
  const from = valuesOf(entities, "email", "sender", "source", "actor");
  const to = valuesOf(entities, "email", "recipient", "destination");
  if (from.length === 0 && to.length === 0) return undefined;
  return { from, to: [...new Set([...to, ...valuesOf(entities, "email", "target")])] };
}

/** Addresses of mailboxes that belong to no message: accounts. */
export function mailboxesOf(entities: readonly Entity[]): readonly string[] {
  const mail = mailOf(entities);
  const all = valuesOf(entities, "email", "target", "related");
  return all.filter((value) => !(mail?.to.includes(value) || mail?.from.includes(value)));
}
