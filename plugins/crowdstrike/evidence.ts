import {
  distinct,
  type Entity,
  type EntityType,
  entities,
  firstText,
  type Mitre,
  number,
  record,
  records,
  text,
  texts,
} from "@thruway/sdk";

export type Fields = Readonly<Record<string, unknown>>;

/** Who and what an event names. Its families call one thing by many names, and hardly a name means two things. */
export function entitiesOf(event: Fields): readonly Entity[] {
  return distinct([
    ...entities("host", "target", hosts(event)),
    ...entities("user", "target", usersOf(event)),
    ...entities("ip", "target", event.LocalIP, event.LocalIPv6, event.EndpointIp, event.SourceEndpointIpAddress),
    ...entities("host", "destination", event.TargetEndpointHostName),
    ...entities("resource", "target", firstText(event.ResourceName, event.ResourceId)),
    ...entities("ip", "source", event.UserSourceIp),
    ...entities("process", "related", event.CommandLine),
    ...entities("file", "related", pathOf(event), event.AssociatedFile, event.Filename),
    ...hashes(event.SHA256String, event.SHA1String, event.MD5String, event.ContentSha, texts(event.SHA256Hashes)),
    ...entities("ip", "related", texts(event.IPv4Addresses)),
    ...indicator(event),
    ...records(event.QuarantineFiles).flatMap((file) => [
      ...entities("file", "related", file.ImageFileName),
      ...hashes(file.SHA256HashData),
    ]),
    ...[event.ExecutablesWritten, event.FilesWritten]
      .flatMap(records)
      .flatMap((file) => entities("file", "related", pathOf(file))),
    ...entities("url", "destination", record(event.DestinationV2 ?? event.Destination).WebLocationURL),
    ...records(event.NetworkAccesses).flatMap(remoteEnd),
    ...records(event.DnsRequests).flatMap(({ DomainName }) => entities("domain", "related", DomainName)),
  ]);
}

/** An incident names no host, only the sensors of the first one and of those that it spread to. */
function hosts(event: Fields): readonly string[] {
  const own = firstTexts(
    event.Hostname,
    event.ComputerName,
    event.HostName,
    event.HostnameField,
    event.EndpointName,
    event.SourceEndpointHostName,
  );
  const indicators = records(event.ThreatgraphIndicators).map(({ Hostname }) => Hostname);
  const named = [...own, ...texts(event.HostNames), ...texts(indicators)];
  return named.length > 0 ? named : [...texts(event.HostID), ...texts(event.LMHostIDs)];
}

function usersOf(event: Fields): readonly string[] {
  const domain = firstText(event.LogonDomain, event.MachineDomain, event.SourceAccountDomain);
  return firstTexts(event.SourceAccountUpn, event.UserName, event.SourceAccountName).map((name) =>
    domain === undefined || /[\\@]/.test(name) ? name : `${domain}\\${name}`,
  );
}

/** What the first of the values says that says anything: one text, or in the body of a workflow perhaps several. */
function firstTexts(...values: readonly unknown[]): readonly string[] {
  const said = values.map((value) => texts(value, null).filter((each) => each !== "N/A"));
  return said.find((each) => each.length > 0) ?? [];
}

/** A DetectionSummaryEvent's path is the folder, an EppDetectionSummaryEvent's the whole of it. */
function pathOf(event: Fields): string | undefined {
  const folder = text(event.FilePath);
  const name = text(event.FileName);
  if (folder === undefined || name === undefined) return folder ?? name;
  if (folder.toLowerCase().endsWith(name.toLowerCase())) return folder;
  const separator = folder.includes("\\") ? "\\" : "/";
  return folder.endsWith(separator) ? folder + name : folder + separator + name;
}

/** A hash that was not computed is sent as noughts. */
function hashes(...values: readonly unknown[]): readonly Entity[] {
  return entities("hash", "related", values.flat()).filter(({ value }) => !/^0+$/.test(value));
}

const indicatorTypes: readonly { readonly form: RegExp; readonly type: EntityType }[] = [
  { form: /sha256|sha1|md5/i, type: "hash" },
  { form: /domain/i, type: "domain" },
  { form: /^ip/i, type: "ip" },
  { form: /^url/i, type: "url" },
  { form: /^file/i, type: "file" },
];

function indicator({ IOCType, IOCValue }: Fields): readonly Entity[] {
  const found = indicatorTypes.find(({ form }) => form.test(text(IOCType) ?? ""));
  return found === undefined ? [] : entities(found.type, "related", IOCValue);
}

const inbound = 1;

function remoteEnd({ ConnectionDirection, RemoteAddress }: Fields): readonly Entity[] {
  return entities("ip", number(ConnectionDirection) === inbound ? "source" : "destination", RemoteAddress);
}

/** A list of objects, or two names, or four comma-joined lists in step. */
export function mitreOf(event: Fields): readonly Mitre[] {
  const listed = records(event.MitreAttack).map((each) =>
    entry(each.TechniqueID, each.Technique, each.TacticID, each.Tactic),
  );
  if (listed.length > 0) return listed.flat();
  const ids = [...texts(event.TechniqueIds), ...texts(event.TechniqueId)];
  const techniques = [...texts(event.Techniques), ...texts(event.Technique, null)];
  const tacticIds = [...texts(event.TacticIds), ...texts(event.TacticId)];
  const tactics = [...texts(event.Tactics), ...texts(event.Tactic, null)];
  const longest = Math.max(ids.length, techniques.length, tacticIds.length, tactics.length);
  return Array.from({ length: longest }, (_, i) => entry(ids[i], techniques[i], tacticIds[i], tactics[i])).flat();
}

/** Falcon numbers tactics and techniques of its own (`CSTA0004`, `CST0007`): these have a name here, and no ATT&CK id. */
const attackId = /^TA?\d{4}(\.\d{3})?$/;

function entry(techniqueId: unknown, technique: unknown, tacticId: unknown, tactic: unknown): readonly Mitre[] {
  const id = [text(techniqueId), text(tacticId)].find((each) => each !== undefined && attackId.test(each));
  const names = { technique: text(technique), tactic: text(tactic) };
  const found: Mitre = {
    ...(id !== undefined && { id }),
    ...(names.tactic !== undefined && { tactic: names.tactic }),
    ...(names.technique !== undefined && { technique: names.technique }),
  };
  return Object.keys(found).length > 0 ? [found] : [];
}
