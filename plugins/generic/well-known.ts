import {
  distinct,
  type Entity,
  type EntityRole,
  type EntityType,
  entities,
  firstText,
  record,
  texts,
} from "@thruway/sdk";

type Row = readonly [EntityType, EntityRole, readonly string[]];

/** The field names that senders agree on, and what they hold. README.md shows this table to integrators. */
const entityNames: readonly Row[] = [
  ["host", "target", ["host", "hosts", "hostname", "hostnames", "computer", "computer_name", "machine"]],
  ["host", "target", ["machine_name", "device", "device_name", "endpoint", "endpoint_name"]],
  ["host", "target", ["workstation", "server", "server_name"]],
  ["host", "source", ["source_host", "source_hostname", "src_host"]],
  ["host", "destination", ["destination_host", "destination_hostname", "dest_host", "dst_host"]],
  ["user", "target", ["user", "users", "username", "usernames", "account", "account_name", "login"]],
  ["user", "target", ["upn", "user_principal_name", "affected_user", "target_user"]],
  ["user", "source", ["source_user", "src_user"]],
  ["email", "sender", ["sender", "sender_email", "sender_address", "from", "from_address", "mail_from"]],
  ["email", "recipient", ["recipient", "recipients", "recipient_email", "to", "to_address", "rcpt_to", "cc"]],
  ["email", "target", ["email", "emails", "email_address", "user_email", "mailbox"]],
  ["ip", "target", ["host_ip", "device_ip", "local_ip"]],
  ["ip", "actor", ["attacker_ip"]],
  ["ip", "source", ["source_ip", "src_ip", "client_ip", "remote_ip", "sender_ip"]],
  ["ip", "destination", ["destination_ip", "dest_ip", "dst_ip"]],
  ["ip", "related", ["ip", "ips", "ip_address", "ip_addresses"]],
  ["domain", "related", ["domain", "domains", "domain_name", "sender_domain"]],
  ["url", "related", ["url", "urls", "malicious_url", "phishing_url", "clicked_url"]],
  ["file", "related", ["file", "files", "file_name", "file_path", "attachment", "attachments", "attachment_name"]],
  ["hash", "related", ["hash", "hashes", "file_hash", "file_hashes", "md5", "sha1", "sha256", "sha512"]],
  ["hash", "related", ["file_md5", "file_sha1", "file_sha256", "hashes_md5", "hashes_sha1", "hashes_sha256"]],
  ["process", "related", ["process", "process_name", "command_line", "process_command_line"]],
  ["resource", "related", ["resource", "resource_id", "resource_name"]],
];

/** An object's fields by their names without case and punctuation: `srcIp`, `src_ip` and `src.ip` are one. */
export type Place = ReadonlyMap<string, unknown>;

/** The place that an object is. Fields of the objects in it have both names: `host: { name }` is also `host_name`. */
export function placeOf(value: unknown): Place {
  const place = new Map<string, unknown>();
  const put = (name: string, field: unknown): void => {
    const key = plain(name);
    if (!place.has(key)) place.set(key, field);
  };
  const fields = Object.entries(record(value));
  for (const [name, field] of fields) put(name, field);
  for (const [name, field] of fields) {
    for (const [inner, value] of Object.entries(record(field))) put(name + inner, value);
  }
  return place;
}

/** The first of the names, place by place, that holds text. */
export function firstOf(places: readonly Place[], ...names: readonly string[]): string | undefined {
  return firstText(...allOf(places, names));
}

/** The first of the names, place by place, that `read` can make something of. */
export function firstRead<T>(
  read: (value: unknown) => T | undefined,
  places: readonly Place[],
  ...names: readonly string[]
): T | undefined {
  for (const value of allOf(places, names)) {
    const found = read(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whatever the names hold, place by place. */
export function allOf(places: readonly Place[], names: readonly string[]): readonly unknown[] {
  return places.flatMap((place) => names.map((name) => place.get(plain(name))));
}

/** What the well-known names hold, each in the role that its name gives it. */
export function entitiesIn(places: readonly Place[]): readonly Entity[] {
  const found = entityNames.flatMap(([type, role, names]) =>
    allOf(places, names)
      .flatMap((value) => texts(value, commaJoined.has(type) ? "," : null))
      .flatMap((value) => entities(type, role, addressOf(type, value))),
  );
  return distinct(found);
}

/** A comma parts several of these, and is a part of a person's name, a URL, a path or a command line. */
export const commaJoined: ReadonlySet<EntityType> = new Set(["email", "ip", "domain", "hash"]);

/** Common words (`from`, `to`, `domain`, `ip`) hold other things as well: a time, a Windows domain, a flag. */
function addressOf(type: EntityType, value: string): string | undefined {
  switch (type) {
    case "email":
      return matching(/^[^\s@<>]+@[^\s@<>]+$/, value.slice(value.lastIndexOf("<") + 1).split(">")[0] ?? "");
    case "ip":
      return matching(/^(\d{1,3}(\.\d{1,3}){3}|[\da-f]*:[\da-f:.]+)$/i, value);
    case "domain":
      return matching(/^[^\s/@:]+\.[^\s/@:.]+$/, value);
    default:
      return value;
  }
}

function matching(form: RegExp, value: string): string | undefined {
  return form.test(value) ? value : undefined;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "");
}
