/** OCSF's own export of a version (https://schema.ocsf.io/1.8.0/export/v2/schema), as far as it is read here. */
export interface Ocsf {
  readonly version: string;
  readonly classes: Readonly<Record<string, Definition>>;
  readonly objects: Readonly<Record<string, Definition>>;
  readonly dictionary: { readonly types: { readonly attributes: Readonly<Record<string, Type>> } };
}

interface Definition {
  readonly caption: string;
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly constraints?: Readonly<Record<string, readonly string[]>> | null;
}

interface Attribute {
  readonly type: string;
  readonly object_type?: string;
  readonly is_array?: boolean;
  readonly requirement: "required" | "recommended" | "optional";
  readonly profiles?: readonly string[] | null;
  readonly enum?: Readonly<Record<string, { readonly caption: string }>>;
  /** The attribute that holds the caption of this one. */
  readonly sibling?: string;
  readonly "@deprecated"?: object;
}

interface Type {
  readonly type?: string;
  readonly regex?: string;
  readonly max_len?: number;
  readonly range?: readonly [number, number];
}

type Schema = Readonly<Record<string, unknown>>;

const classes = ["detection_finding", "incident_finding"] as const;
const profiles: readonly string[] = ["incident"];

/** The objects that we write. */
const objects: readonly string[] = [
  "actor",
  "attack",
  "device",
  "email",
  "evidences",
  "file",
  "finding_info",
  "fingerprint",
  "group",
  "metadata",
  "network_endpoint",
  "object",
  "observable",
  "product",
  "related_event",
  "resource_details",
  "sub_technique",
  "tactic",
  "technique",
  "ticket",
  "url",
  "user",
];

const other = "99";

/** Both classes, with the objects that they are made of. What is deprecated is left out. */
export function ocsfSchema(ocsf: Ocsf): Schema {
  const definitions = [
    ...classes.map((name) => [name, ocsf.classes[name]] as const),
    ...objects.map((name) => [name, ocsf.objects[name]] as const),
  ];
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `https://schema.ocsf.io/${ocsf.version}`,
    $comment: "Made by scripts/pin-schemas.ts from OCSF's own schema; Apache-2.0",
    type: "object",
    if: { properties: { class_uid: { const: 2004 } } },
    // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
    then: { $ref: "#/$defs/detection_finding" },
    else: { $ref: "#/$defs/incident_finding" },
    $defs: Object.fromEntries(
      definitions.map(([name, definition]) => {
        if (definition === undefined) throw new Error(`OCSF ${ocsf.version} has no ${name}`);
        return [name, schemaOf(definition, ocsf)];
      }),
    ),
  };
}

function schemaOf({ caption, attributes, constraints }: Definition, ocsf: Ocsf): Schema {
  const all = Object.entries(attributes);
  // "object" is anything.
  if (all.length === 0) return { title: caption, type: "object" };
  const used = all.filter(([, attribute]) => isUsed(attribute)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = new Set(used.map(([name]) => name));
  const rules = [
    ...used.flatMap(([name, attribute]) => captionsOf(name, attribute, names)),
    ...Object.entries(constraints ?? {}).map(([kind, fields]) => constraint(kind, fields)),
  ];
  return {
    title: caption,
    type: "object",
    properties: Object.fromEntries(used.map(([name, attribute]) => [name, propertyOf(attribute, ocsf)])),
    required: all
      .filter(([, { requirement, profiles: of }]) => requirement === "required" && isApplied(of))
      .map(([name]) => name)
      .toSorted(),
    additionalProperties: false,
    ...(rules.length > 0 && { allOf: rules }),
  };
}

function isUsed({ type, object_type, profiles: of, "@deprecated": deprecated }: Attribute): boolean {
  if (deprecated !== undefined || !isApplied(of)) return false;
  return type !== "object_t" || objects.includes(object_type ?? "");
}

function isApplied(of: Attribute["profiles"]): boolean {
  return of === undefined || of === null || of.length === 0 || of.some((profile) => profiles.includes(profile));
}

function propertyOf(attribute: Attribute, ocsf: Ocsf): Schema {
  const item = attribute.type === "object_t" ? { $ref: `#/$defs/${attribute.object_type}` } : scalarOf(attribute, ocsf);
  return attribute.is_array === true ? { type: "array", items: item } : item;
}

const primitives: Readonly<Record<string, Schema>> = {
  boolean_t: { type: "boolean" },
  float_t: { type: "number" },
  integer_t: { type: "integer" },
  long_t: { type: "integer" },
  string_t: { type: "string" },
  json_t: {},
};

function scalarOf({ type, enum: values }: Attribute, ocsf: Ocsf): Schema {
  const definition = ocsf.dictionary.types.attributes[type];
  if (definition === undefined) throw new Error(`OCSF has no type ${type}`);
  const primitive = primitives[definition.type ?? type];
  if (primitive === undefined) throw new Error(`OCSF's type ${type} is none that we know`);
  const { regex, max_len, range } = definition;
  return {
    ...primitive,
    ...(values && { enum: Object.keys(values).map((key) => (primitive.type === "integer" ? Number(key) : key)) }),
    ...(regex !== undefined && { pattern: regex }),
    ...(max_len !== undefined && { maxLength: max_len }),
    ...(range && { minimum: range[0], maximum: range[1] }),
  };
}

/** An id and its caption say the same, except where the id is Other. */
function captionsOf(
  name: string,
  { enum: values, sibling, is_array }: Attribute,
  names: ReadonlySet<string>,
): Schema[] {
  if (values === undefined || sibling === undefined || is_array === true || !names.has(sibling)) return [];
  const pairs = Object.entries(values).map(([id, { caption }]) => ({
    properties: { [name]: { const: Number(id) }, ...(id !== other && { [sibling]: { const: caption } }) },
  }));
  return [{ anyOf: pairs }];
}

function constraint(kind: string, fields: readonly string[]): Schema {
  const each = fields.map((field) => ({ required: [field] }));
  if (kind === "at_least_one") return { anyOf: each };
  if (kind === "just_one") return { oneOf: each };
  throw new Error(`OCSF's constraint ${kind} is none that we know`);
}
