import type { Mitre } from "@thruway/sdk/alert";

interface Named {
  readonly id?: string;
  readonly name?: string;
}

/** One entry of MITRE ATT&CK, taken apart. */
export interface Attack {
  readonly tactic?: Named;
  readonly technique?: Named;
  readonly subTechnique?: Named;
}

/** The tactics of ATT&CK for enterprises and for industrial control systems, by the names that vendors write. */
const tactics: ReadonlyMap<string, string> = new Map([
  ["reconnaissance", "TA0043"],
  ["resource development", "TA0042"],
  ["initial access", "TA0001"],
  ["execution", "TA0002"],
  ["persistence", "TA0003"],
  ["privilege escalation", "TA0004"],
  ["defense evasion", "TA0005"],
  ["credential access", "TA0006"],
  ["discovery", "TA0007"],
  ["lateral movement", "TA0008"],
  ["collection", "TA0009"],
  ["command and control", "TA0011"],
  ["exfiltration", "TA0010"],
  ["impact", "TA0040"],
]);

const tacticId = /^TA\d{4}$/i;
const techniqueId = /^(T\d{4})(\.\d{3})?$/i;

/**
 * What an entry says of ATT&CK; `undefined` where it is a vendor's own taxonomy: an id of another form, or a tactic that ATT&CK
 * does not know.
 */
export function attackOf({ id, tactic, technique }: Mitre): Attack | undefined {
  const isTactic = id !== undefined && tacticId.test(id);
  const [, parent, sub] = (id !== undefined && techniqueId.exec(id)) || [];
  if (id !== undefined && !isTactic && parent === undefined) return undefined;
  const named = tacticOf(tactic);
  if (id === undefined && tactic !== undefined && named?.id === undefined) return undefined;
  const found: Attack = {
    ...(isTactic ? { tactic: { ...named, id: id.toUpperCase() } } : named && { tactic: named }),
    ...techniqueOf(parent?.toUpperCase(), sub, technique),
  };
  return Object.keys(found).length === 0 ? undefined : found;
}

/** With ATT&CK's own id and spelling where it is one of its names: `credential-access` is Credential Access. */
function tacticOf(name: string | undefined): Named | undefined {
  if (name === undefined || name === "") return undefined;
  const plain = name
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, " ")
    .trim();
  const id = tactics.get(plain);
  if (id === undefined) return { name };
  return { id, name: plain.replaceAll(/\b(?!and\b)[a-z]/g, (letter) => letter.toUpperCase()) };
}

/** The name belongs to the id; some vendors write both names of a sub-technique, `Phishing: Spearphishing Link`. */
function techniqueOf(id: string | undefined, sub: string | undefined, name = ""): Attack {
  const named = name === "" ? {} : { name };
  if (id === undefined) return name === "" ? {} : { technique: named };
  if (sub === undefined) return { technique: { id, ...named } };
  const [, first, second] = /^([^:]+): (.+)$/.exec(name) ?? [];
  return {
    technique: { id, ...(first !== undefined && { name: first }) },
    subTechnique: { id: `${id}${sub}`, ...(second === undefined ? named : { name: second }) },
  };
}

/** Its page at MITRE. */
export function attackUrl(id: string): string {
  const [parent = id, sub] = id.split(".");
  const kind = parent.startsWith("TA") ? "tactics" : "techniques";
  return `https://attack.mitre.org/${kind}/${parent}/${sub === undefined ? "" : `${sub}/`}`;
}
