/** A field of `EcsFlat` in the npm package @elastic/ecs, as far as it is read here. */
export interface EcsField {
  readonly type: string;
  readonly normalize: readonly string[];
  readonly allowed_values?: readonly { readonly name: string; readonly expected_event_types?: readonly string[] }[];
}

type Schema = Readonly<Record<string, unknown>>;

/** The fields that we write. */
const fields: readonly string[] = [
  "@timestamp",
  "destination.address",
  "destination.domain",
  "destination.ip",
  "destination.user.domain",
  "destination.user.email",
  "destination.user.name",
  "ecs.version",
  "email.from.address",
  "email.to.address",
  "event.category",
  "event.created",
  "event.dataset",
  "event.end",
  "event.id",
  "event.kind",
  "event.module",
  "event.outcome",
  "event.provider",
  "event.reason",
  "event.severity",
  "event.start",
  "event.type",
  "event.url",
  "file.extension",
  "file.directory",
  "file.hash.md5",
  "file.hash.sha1",
  "file.hash.sha256",
  "file.hash.sha384",
  "file.hash.sha512",
  "file.name",
  "file.path",
  "host.hostname",
  "host.ip",
  "host.name",
  "labels",
  "message",
  "process.command_line",
  "process.executable",
  "process.name",
  "related.hash",
  "related.hosts",
  "related.ip",
  "related.user",
  "rule.category",
  "rule.name",
  "source.address",
  "source.domain",
  "source.ip",
  "source.user.domain",
  "source.user.email",
  "source.user.name",
  "tags",
  "threat.framework",
  "threat.tactic.id",
  "threat.tactic.name",
  "threat.tactic.reference",
  "threat.technique.id",
  "threat.technique.name",
  "threat.technique.reference",
  "threat.technique.subtechnique.id",
  "threat.technique.subtechnique.name",
  "threat.technique.subtechnique.reference",
  "url.domain",
  "url.fragment",
  "url.full",
  "url.original",
  "url.path",
  "url.port",
  "url.query",
  "url.scheme",
  "user.domain",
  "user.email",
  "user.name",
];

const required: Readonly<Record<string, readonly string[]>> = { "": ["@timestamp", "ecs", "event"], ecs: ["version"] };

/** Our own fields, in a namespace of our own, as ECS asks for. */
const thruway: Schema = {
  type: "object",
  properties: {
    entities: {
      type: "array",
      items: {
        type: "object",
        properties: { type: { type: "string" }, role: { type: "string" }, value: { type: "string" } },
        required: ["type", "role", "value"],
        additionalProperties: false,
      },
    },
  },
  required: ["entities"],
  additionalProperties: false,
};

interface Node {
  readonly inner: Map<string, Node>;
  leaf?: Schema;
}

/** Documents with objects in objects, as Elasticsearch keeps them; a field that ECS calls an array always is one. */
export function ecsSchema(flat: Readonly<Record<string, EcsField>>): Schema {
  const top: Node = { inner: new Map() };
  for (const name of fields) {
    const field = flat[name];
    if (field === undefined) throw new Error(`ECS has no field ${name}`);
    put(top, name.split("."), leafOf(name, field));
  }
  put(top, ["thruway"], thruway);
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: "https://www.elastic.co/docs/reference/ecs/9.4.0",
    $comment: "Made by scripts/pin-schemas.ts from the npm package @elastic/ecs 9.4.0; Apache-2.0",
    ...schemaOf(top, ""),
    allOf: expectedTypes(flat["event.category"]),
  };
}

function put(node: Node, [name = "", ...rest]: readonly string[], leaf: Schema): void {
  const next: Node = node.inner.get(name) ?? { inner: new Map() };
  node.inner.set(name, next);
  if (rest.length === 0) next.leaf = leaf;
  else put(next, rest, leaf);
}

function schemaOf({ inner, leaf }: Node, path: string): Schema {
  if (leaf !== undefined) return leaf;
  return {
    type: "object",
    properties: Object.fromEntries(
      [...inner].map(([name, node]) => [name, schemaOf(node, path === "" ? name : `${path}.${name}`)]),
    ),
    ...(required[path] && { required: required[path] }),
    additionalProperties: false,
    minProperties: 1,
  };
}

const text: Schema = { type: "string", minLength: 1 };
const types: Readonly<Record<string, Schema>> = {
  keyword: text,
  wildcard: text,
  match_only_text: text,
  date: { type: "string", format: "date-time" },
  ip: { type: "string", anyOf: [{ format: "ipv4" }, { format: "ipv6" }] },
  long: { type: "integer" },
};

function leafOf(name: string, { type, normalize, allowed_values: allowed }: EcsField): Schema {
  if (name === "ecs.version") return { const: "9.4.0" };
  // Labels are flat, and keywords.
  if (name === "labels") return { type: "object", additionalProperties: text };
  const known = types[type];
  if (known === undefined) throw new Error(`ECS's type ${type} of ${name} is none that we know`);
  const one = allowed === undefined ? known : { enum: allowed.map((value) => value.name) };
  return normalize.includes("array") ? { type: "array", items: one, minItems: 1, uniqueItems: true } : one;
}

/** A category has types that ECS expects with it. */
function expectedTypes(category: EcsField | undefined): readonly Schema[] {
  return (category?.allowed_values ?? []).map(({ name, expected_event_types: expected = [] }) => ({
    if: event("category", { contains: { const: name } }),
    // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
    then: event("type", { contains: { enum: expected } }),
  }));
}

function event(field: string, schema: Schema): Schema {
  return {
    type: "object",
    required: ["event"],
    properties: { event: { type: "object", required: [field], properties: { [field]: { type: "array", ...schema } } } },
  };
}
