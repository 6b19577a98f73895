import type joi from "joi";

/** What a source may set, for people. */
export interface DescribedOption {
  /** With dots: `hmac.header`. */
  readonly name: string;
  /** `text`, `true or false`, or the values there are. */
  readonly takes: string;
  readonly required: boolean;
  /** Sealed at rest, and never shown. */
  readonly sensitive: boolean;
}

const deepest = 4;

/** The options of a plugin, those inside others too. `allow_unsigned`, which every plugin has, is left out. */
export function describeOptions(schema: joi.ObjectSchema): readonly DescribedOption[] {
  return optionsIn(schema.describe(), []).filter(({ name }) => name !== "allow_unsigned");
}

function optionsIn(description: joi.Description, before: readonly string[]): readonly DescribedOption[] {
  const keys: Readonly<Record<string, joi.Description>> = description.keys ?? {};
  return Object.entries(keys).flatMap(([name, key]) => {
    const path = [...before, name];
    const inner = before.length < deepest ? optionsIn(key, path) : [];
    return inner.length > 0 ? inner : [optionOf(path, key)];
  });
}

function optionOf(path: readonly string[], key: joi.Description): DescribedOption {
  const metas: readonly { readonly sensitive?: boolean }[] = key.metas ?? [];
  return {
    name: path.join("."),
    takes: described(key) ?? takenBy(key),
    required: flagsOf(key).presence === "required",
    sensitive: metas.some(({ sensitive }) => sensitive === true),
  };
}

/** In its author's words: for what Joi cannot describe. */
function described(key: joi.Description): string | undefined {
  const { description } = flagsOf(key);
  return typeof description === "string" ? description : undefined;
}

function takenBy(description: joi.Description): string {
  const { type } = description;
  const values = valuesOf(description);
  if (flagsOf(description).only === true && values.length > 0) return either(values.map((value) => `\`${value}\``));
  if (type === "string") return textOf(description);
  if (type === "number") return rule(description, "integer") === undefined ? "a number" : "a whole number";
  if (type === "boolean") return "`true` or `false`";
  if (type === "array") return "a list";
  if (type === "alternatives") return either(alternativesOf(description));
  return type === "object" ? "an object" : "anything";
}

function textOf(description: joi.Description): string {
  const { options } = rule(description, "pattern")?.args ?? {};
  if (typeof options?.name === "string") return `a text (${options.name})`;
  return rule(description, "uri") === undefined ? "a text" : "an address";
}

function alternativesOf({ matches = [] }: joi.Description): readonly string[] {
  const schemas: readonly (joi.Description | undefined)[] = matches.map(
    ({ schema }: { readonly schema?: joi.Description }) => schema,
  );
  return [...new Set(schemas.filter((schema) => schema !== undefined).map(takenBy))];
}

interface Rule {
  readonly name: string;
  readonly args?: { readonly options?: { readonly name?: unknown } };
}

function rule({ rules = [] }: joi.Description, name: string): Rule | undefined {
  return (rules as readonly Rule[]).find((each) => each.name === name);
}

function flagsOf({ flags }: joi.Description): {
  readonly only?: unknown;
  readonly presence?: unknown;
  readonly description?: unknown;
} {
  return flags ?? {};
}

/** Some entries are marks of Joi's own. */
function valuesOf({ allow = [] }: joi.Description): readonly string[] {
  return (allow as readonly unknown[]).filter((value) => typeof value !== "object").map(String);
}

/** `a`, `a or b`, `a, b or c`. */
function either(names: readonly string[]): string {
  const last = names.at(-1) ?? "anything";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} or ${last}`;
}
