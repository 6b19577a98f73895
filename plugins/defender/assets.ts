import { type Entity, type EntityRole, entities, text } from "@thruway/sdk";
import type { Fields } from "./family.ts";

/** LocalSystem, LocalService and NetworkService: https://learn.microsoft.com/windows/win32/secauthz/well-known-sids */
const serviceSids = new Set(["S-1-5-18", "S-1-5-19", "S-1-5-20"]);
const serviceNames = new Set(["system", "local service", "network service"]);

/** The name that a person is known by; `undefined` for Windows' own accounts, which are nobody's. */
export function personOf(account: Fields): string | undefined {
  const name = text(account.accountName);
  if (serviceSids.has(text(account.userSid) ?? "") || serviceNames.has(name?.toLowerCase() ?? "")) return undefined;
  const domain = text(account.domainName);
  const domainUser = name === undefined || domain === undefined ? name : `${domain}\\${name}`;
  return text(account.userPrincipalName) ?? domainUser ?? text(account.displayName);
}

export function fileEntities(file: Fields, role: EntityRole): readonly Entity[] {
  return [...entities("file", role, pathOf(file)), ...hashEntities(file, role)];
}

/** The command line says more than the image's path; the path is what is left without one. */
export function processEntities(commandLine: unknown, image: Fields, role: EntityRole): readonly Entity[] {
  return [...entities("process", role, text(commandLine) ?? pathOf(image)), ...hashEntities(image, role)];
}

/**
 * Hosts, or users, with the victims first, each once. Where the vendor names no victim it is the first that has no role, so
 * that an incident says whom it concerns.
 */
export function victimsFirst(assets: readonly Entity[]): readonly Entity[] {
  const victims = assets.filter(({ role }) => role === "target");
  if (victims.length > 0) return eachOnce([...victims, ...assets.filter(({ role }) => role !== "target")]);
  const first = assets.find(({ role }) => role === "related");
  if (first === undefined) return assets;
  return eachOnce([{ ...first, role: "target" }, ...assets.filter((asset) => asset !== first)]);
}

/** What is the victim by one row of evidence and merely related by the next is the victim. */
function eachOnce(assets: readonly Entity[]): readonly Entity[] {
  const named = new Set<string>();
  return assets.filter(({ role, value }) => {
    const isRepeated = role === "related" && named.has(value.toLowerCase());
    named.add(value.toLowerCase());
    return !isRepeated;
  });
}

function hashEntities(file: Fields, role: EntityRole): readonly Entity[] {
  return entities("hash", role, file.sha256, file.sha1);
}

function pathOf(file: Fields): string | undefined {
  const folder = text(file.filePath);
  const name = text(file.fileName);
  if (folder === undefined || name === undefined) return name ?? folder;
  if (folder.toLowerCase().endsWith(name.toLowerCase())) return folder;
  const separator = folder.includes("/") ? "/" : "\\";
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}
