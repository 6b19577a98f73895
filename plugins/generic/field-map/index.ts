import {
  type Alert,
  type AlertStatus,
  alertStatuses,
  defined,
  distinct,
  type Entity,
  type EntityRole,
  type EntityType,
  entities,
  humanise,
  type Ignored,
  ignore,
  instant,
  link,
  PayloadError,
  type Severity,
  severities,
  severityOf,
  snakeCase,
  some,
  statusOf,
  texts,
  type Verdict,
  verdictOf,
  verdicts,
} from "@thruway/sdk";
import { type Expression, evaluateExpressions, type Outcome } from "@thruway/sdk/expression";
import { commaJoined } from "../well-known.ts";
import { type Found, type Reader, type Reading, type Reads, Refused, readerOf, type Source } from "./expression.ts";
import { type Condition, type Ignorer, ignorerOf } from "./ignore.ts";
import { type MitreReader, type MitreSource, mitreReaderOf } from "./mitre.ts";

/** Where each field of an alert comes from, as it stands in `options.map` of a source and in a preset. */
export interface FieldMapOptions {
  readonly type?: Source;
  readonly title?: Source;
  readonly description?: Source;
  readonly severity?: Source;
  /** Left out, it is what `severity` was read from. */
  readonly vendor_severity?: Source;
  readonly external_id?: Source;
  readonly status?: Source;
  readonly verdict?: Source;
  readonly occurred_at?: Source;
  readonly first_seen_at?: Source;
  /** When the sender came to say so: the time of a change. */
  readonly as_of?: Source;
  readonly url?: Source;
  readonly tags?: Source;
  readonly entities?: readonly EntitySource[];
  readonly mitre?: MitreSource;
  readonly ignore_when?: Condition | readonly Condition[];
  /** The list of the payload that holds the alerts, one each; left out, the payload is one. */
  readonly each?: Source;
  /** The sender's id of the event: the same one again is a duplicate. */
  readonly event_id?: Source;
}

export interface EntitySource {
  readonly type: EntityType;
  readonly role?: EntityRole;
  readonly value: Source;
}

export interface FieldMap {
  eventId(payload: unknown): string | undefined;
  /** @throws {PayloadError} where an expression of the map refuses the payload */
  alerts(payload: unknown, receivedAt: Date): readonly Alert[] | Ignored;
}

/** The fields that are read from one source each, and what is special about reading them. */
export const plainFields = {
  type: { meaning: (found) => snakeCase(found) || undefined },
  title: {},
  description: {},
  severity: { meaning: severityOf, refuse: unless(severities) },
  vendor_severity: {},
  external_id: {},
  status: { meaning: statusOf, refuse: unless(alertStatuses) },
  verdict: { meaning: verdictOf, refuse: unless(verdicts) },
  occurred_at: { meaning: instant },
  first_seen_at: { meaning: instant },
  as_of: { meaning: instant },
  url: { meaning: link },
  tags: {},
  each: {},
  event_id: {},
} as const satisfies Record<string, Reads>;

type PlainField = keyof typeof plainFields;

function unless(words: readonly string[]): (constant: string) => string | undefined {
  return (constant) => (words.includes(constant) ? undefined : `is not one of ${words.join(", ")}`);
}

const mostAlerts = 500;
/** Lists leave out what is tagged so: a sender's own tag of that name must not hide its alerts. */
const testTag = "test";
/** What senders write where there is nothing. */
const filler = /^(any|unknown|n\/a|<na>|none|null|-)$/i;

/**
 * Makes a map of its options.
 *
 * @throws {MapError} where they were not checked
 */
export function fieldMapOf(options: FieldMapOptions): FieldMap {
  const readers = new Map<PlainField, Reader>();
  for (const [field, reads] of Object.entries(plainFields) as readonly (readonly [PlainField, Reads])[]) {
    if (options[field] !== undefined) readers.set(field, readerOf(options[field], reads));
  }
  const named = (options.entities ?? []).map(({ type, role = "related", value }) => ({
    type,
    role,
    reader: readerOf(value),
  }));
  const mitre = options.mitre === undefined ? undefined : mitreReaderOf(options.mitre);
  const ignorers = [options.ignore_when ?? []].flat().map(ignorerOf);
  const parts = { readers, named, mitre, ignorers };
  const each = readers.get("each");
  const id = readers.get("event_id");
  const expressions = expressionsOf(parts);

  function eventId(payload: unknown): string | undefined {
    if (id === undefined) return undefined;
    const [reading] = readingsOf([payload], payload, id.expressions, new Date(0));
    return reading && refusedAs("event_id", () => id.read(reading)).means[0];
  }

  function alerts(payload: unknown, receivedAt: Date): readonly Alert[] | Ignored {
    const items = each === undefined ? [payload] : itemsOf(each, payload, receivedAt);
    const kept: Alert[] = [];
    let reason: string | undefined;
    for (const reading of readingsOf(items, payload, expressions, receivedAt)) {
      const ignored = refusedAs("ignore_when", () => reasonIn(ignorers, reading));
      if (ignored === undefined) kept.push(alertOf(parts, reading));
      reason ??= ignored;
    }
    return kept.length === 0 && reason !== undefined ? ignore(reason) : kept;
  }

  return { eventId, alerts };
}

interface Parts {
  readonly readers: ReadonlyMap<PlainField, Reader>;
  readonly named: readonly { readonly type: EntityType; readonly role: EntityRole; readonly reader: Reader }[];
  readonly mitre: MitreReader | undefined;
  readonly ignorers: readonly Ignorer[];
}

/** All that is evaluated for an alert; `each` and `event_id` are evaluated before, for the payload. */
function expressionsOf({ readers, named, mitre, ignorers }: Parts): readonly Expression[] {
  const plain = [...readers].filter(([field]) => field !== "each" && field !== "event_id").map(([, reader]) => reader);
  const all = [...plain, ...named.map(({ reader }) => reader), ...(mitre === undefined ? [] : [mitre]), ...ignorers];
  return all.flatMap(({ expressions }) => expressions);
}

/** Evaluates all expressions for all items in one go, since crossing into JSONata is what costs. */
function readingsOf(
  items: readonly unknown[],
  payload: unknown,
  expressions: readonly Expression[],
  receivedAt: Date,
): readonly Reading[] {
  const rows = evaluateExpressions({ expressions, items, payload, receivedAt });
  return items.map((item, row) => {
    const outcomes = new Map<Expression, Outcome>(expressions.map((each, column) => [each, rows[row]?.[column] ?? {}]));
    return { item, payload, outcome: (expression) => outcomes.get(expression) ?? {} };
  });
}

/** The objects of the list; where there is no list, the payload is the one alert. */
function itemsOf(each: Reader, payload: unknown, receivedAt: Date): readonly unknown[] {
  const [reading] = readingsOf([payload], payload, each.expressions, receivedAt);
  const found = reading && refusedAs("each", () => each.raw(reading));
  if (found === undefined || found === null) return [payload];
  const items = (Array.isArray(found) ? found : [found]).filter((item) => typeof item === "object" && item !== null);
  if (items.length <= mostAlerts) return items;
  throw new PayloadError(each.label, `holds ${items.length} alerts; one delivery may hold ${mostAlerts}`);
}

function reasonIn(ignorers: readonly Ignorer[], reading: Reading): string | undefined {
  for (const ignorer of ignorers) {
    const reason = ignorer.reason(reading);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

const longestRefusal = 300;

/** @throws {PayloadError} that names the field of the map, where an expression of it refuses the payload */
function refusedAs<T>(field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new PayloadError(`options.map.${field}`, `refuses the payload: ${error.message.slice(0, longestRefusal)}`);
  }
}

function alertOf({ readers, named, mitre }: Parts, reading: Reading): Alert {
  const found = (field: PlainField): Found =>
    refusedAs(field, () => readers.get(field)?.read(reading)) ?? { given: [], means: [] };
  const first = (field: PlainField): string | undefined => found(field).means[0];
  const firstAs = <T>(field: PlainField, read: (value: string) => T | undefined): T | undefined =>
    found(field)
      .means.map(read)
      .find((each) => each !== undefined);

  const saidType = snakeCase(first("type") ?? "");
  const saidTitle = first("title")?.replaceAll(/\s+/g, " ");
  const type = saidType || "alert";
  const title = saidTitle ?? humanise(type) ?? type;
  const severity = found("severity");
  const description = first("description");
  return defined({
    type,
    title,
    description: description === title ? undefined : description,
    severity: severity.means[0] as Severity | undefined,
    vendor_severity: readers.has("vendor_severity") ? first("vendor_severity") : severity.given[0],
    external_id: first("external_id"),
    status: first("status") as AlertStatus | undefined,
    verdict: first("verdict") as Verdict | undefined,
    occurred_at: firstAs("occurred_at", instant),
    first_seen_at: firstAs("first_seen_at", instant),
    as_of: firstAs("as_of", instant),
    fallback: some([
      ...(saidType === "" ? (["type"] as const) : []),
      ...(saidTitle === undefined ? (["title"] as const) : []),
    ]),
    url: firstAs("url", link),
    entities: some(refusedAs("entities", () => entitiesOf(named, reading))),
    mitre: some(refusedAs("mitre", () => mitre?.read(reading)) ?? []),
    tags: some(found("tags").means.filter((tag) => tag !== testTag)),
  });
}

function entitiesOf(named: Parts["named"], reading: Reading): readonly Entity[] {
  return distinct(
    named.flatMap(({ type, role, reader }) =>
      entities(
        type,
        role,
        ...reader
          .read(reading)
          .means.flatMap((value) => texts(value, commaJoined.has(type) ? "," : null))
          .filter((value) => !filler.test(value)),
      ),
    ),
  );
}
