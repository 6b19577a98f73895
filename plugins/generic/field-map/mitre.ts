import { defined, type Mitre } from "@thruway/sdk";
import type { Expression } from "@thruway/sdk/expression";
import { type Reader, type Reading, readerOf, type Source } from "./expression.ts";

/** Techniques and tactics together, or each kind from a place of its own. */
export type MitreSource = Source | { readonly id?: Source; readonly tactic?: Source; readonly technique?: Source };

export interface MitreReader {
  readonly expressions: readonly Expression[];
  read(reading: Reading): readonly Mitre[];
}

const kinds = ["id", "tactic", "technique"] as const;

/** @throws {MapError} for what is no source of techniques */
export function mitreReaderOf(source: unknown): MitreReader {
  const isParted =
    source !== null &&
    typeof source === "object" &&
    Object.keys(source).length > 0 &&
    Object.keys(source).every((key) => kinds.some((kind) => kind === key));
  if (!isParted) {
    const reader = readerOf(source);
    return { expressions: reader.expressions, read: (reading) => distinct(reader.read(reading).means.map(entryOf)) };
  }
  const parts: Readonly<Record<string, unknown>> = { ...source };
  const [id, tactic, technique] = kinds.map((kind) => (parts[kind] === undefined ? nowhere : readerOf(parts[kind])));
  const of = (reader: Reader | undefined, reading: Reading): readonly string[] => reader?.read(reading).means ?? [];
  return {
    expressions: [id, tactic, technique].flatMap((reader) => reader?.expressions ?? []),
    read: (reading) => joined(of(id, reading), of(tactic, reading), of(technique, reading)),
  };
}

const nowhere: Reader = { expressions: [], label: "", raw: () => undefined, read: () => ({ given: [], means: [] }) };

/** Names belong to the ids before them where there are as many; Wazuh sends them side by side. */
function joined(ids: readonly string[], tactics: readonly string[], techniques: readonly string[]): readonly Mitre[] {
  const paired = ids.length === techniques.length;
  return distinct([
    ...ids.map((id, index) => ({ ...entryOf(id), ...(paired && defined({ technique: techniques[index] })) })),
    ...(paired ? [] : techniques.map(entryOf)),
    ...tactics.map(tacticOf),
  ]);
}

/** `T1059.001`, `TA0002`, and either with its name behind it: `T1059 - Command and Scripting Interpreter`. */
const labelled = /^(TA?\d{4}(?:\.\d{3})?)(?:\s*[-–:]\s*(\S.*))?$/s;

function entryOf(text: string): Mitre {
  const [, id, name] = labelled.exec(text) ?? [];
  if (id === undefined) return { technique: text };
  return id.startsWith("TA") ? defined({ id, tactic: name }) : defined({ id, technique: name });
}

function tacticOf(text: string): Mitre {
  const [, id, name] = labelled.exec(text) ?? [];
  return id === undefined ? { tactic: text } : defined({ id, tactic: name });
}

function distinct(all: readonly Mitre[]): readonly Mitre[] {
  return [...new Map(all.map((each) => [JSON.stringify([each.id, each.tactic, each.technique]), each])).values()];
}
