import { hash } from "node:crypto";
import { type Entity, type EntityType, entityTypes } from "@thruway/sdk/alert";
import { type IncidentDraft, testTag } from "./incident.ts";
import { normalise } from "./normalise.ts";

/**
 * What incidents are found by, as words of an inverted index: lower-case letters, digits and underscores only, so that an index
 * can neither split nor fold them. A word of a text has no underscore, everything else has one.
 */

/** So many different words of one incident are found; the title's and the entities' come first. */
const mostWords = 500;
const longestWord = 64;

/**
 * Han, Hiragana and Katakana are written without spaces: there each character counts as a word. Some of Han are no letters but
 * symbols (⺀), which an index takes for what is between words.
 */
const word =
  /[[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]&&[\p{L}\p{N}]]|[[\p{L}\p{N}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]]+/gv;

/** The words of a text, each once: lower-case, without accents. */
export function wordsOf(text: string): readonly string[] {
  const plain = text.normalize("NFKD").replaceAll(/\p{M}/gu, "").toLowerCase();
  const words = plain.match(word) ?? [];
  return [...new Set(words.map(cut))];
}

/** Between characters, never within one. */
function cut(found: string): string {
  return found.length <= longestWord ? found : Array.from(found).slice(0, longestWord).join("");
}

/** What an exact value is looked up by. */
export type Kind = keyof typeof kinds;

const kinds = {
  status: "st",
  severity: "sv",
  source: "so",
  plugin: "pl",
  type: "ty",
  verdict: "ve",
  assignee: "as",
  external_id: "ex",
  number: "nu",
  tag: "ta",
  test: "te",
  host: "eh",
  user: "eu",
  email: "em",
  ip: "ei",
  domain: "ed",
  url: "el",
  file: "ef",
  hash: "ea",
  process: "ep",
  resource: "er",
} as const satisfies Readonly<Record<EntityType, string>> & Readonly<Record<string, string>>;

const longestInFull = 24;

/** The term of a value; every value has another one. Written out where it is short, since that costs less than a hash. */
export function termOf(kind: Kind, value: string): string {
  if (/^[a-z0-9][a-z0-9_]{0,39}$/.test(value)) return `${kinds[kind]}_${value}`;
  const bytes = Buffer.from(value);
  const isShort = bytes.length <= longestInFull;
  return `${kinds[kind]}${isShort ? `__${bytes.toString("hex")}` : `___${hash("sha256", bytes).slice(0, 32)}`}`;
}

/** What nobody is assigned to, and what has no verdict, is found by this. */
export const none = "none";

/** What an incident is found by beside its fields: its words, tags and entities. */
export function looseTermsOf(draft: IncidentDraft, number: string): readonly string[] {
  const { title, type, entities, external_id, tags, description } = draft;
  const texts = [number, title, type, ...entities.map(({ value }) => value), external_id ?? "", description ?? ""];
  const words = wordsOf(texts.join(" ")).slice(0, mostWords);
  const exact = [...tags.map((tag) => termOf("tag", tag)), ...entities.map(entityTerm)];
  return [...new Set([...exact, ...words])];
}

/** What an incident is found by, its fields included. */
export function termsOf(draft: IncidentDraft, number: string): readonly string[] {
  const { status, severity, source, plugin, type, verdict, assignee, external_id, tags } = draft;
  return [
    termOf("status", status),
    termOf("severity", severity),
    termOf("source", source),
    termOf("plugin", plugin),
    termOf("type", type),
    termOf("verdict", verdict ?? none),
    termOf("assignee", assignee ?? none),
    ...(external_id === null ? [] : [termOf("external_id", external_id)]),
    termOf("number", number),
    termOf("test", String(tags.includes(testTag))),
    ...looseTermsOf(draft, number),
  ];
}

function entityTerm({ type, value }: Pick<Entity, "type" | "value">): string {
  return termOf(type, value.toLowerCase());
}

/**
 * What an entity is looked up by, of which one is enough: `ip:192.0.2.7` of that type, `192.0.2.7` of any. It may be written in
 * any form that an entity may be sent in; case does not matter.
 */
export function entityTerms(said: string): readonly string[] {
  const [, type, value = ""] = /^([a-z]+):(.+)$/s.exec(said) ?? [];
  if (isEntityType(type)) return [entityTerm(normalise({ type, role: "related", value }))];
  return entityTypes.map((each) => entityTerm(normalise({ type: each, role: "related", value: said })));
}

function isEntityType(text: string | undefined): text is EntityType {
  return entityTypes.some((type) => type === text);
}
