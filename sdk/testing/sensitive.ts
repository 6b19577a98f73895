import type joi from "joi";
import type { SampleOptions } from "./samples.ts";

/** Where a plugin's options hold something secret, and what a check puts there to know it again. */
export interface Marked {
  /** `auth.token` as `["auth", "token"]`. */
  readonly path: readonly string[];
  readonly value: unknown;
  /** Whether the schema takes the value: what it does not take never reaches the plugin. */
  readonly taken: boolean;
}

/** Joi's own words repeat the value, so that the core has others where it shows them. */
const coreMessages = { "string.pattern.name": "{{#label}} must be {{#name}}" };

/** The keys that are marked by `.meta({ sensitive: true })` where the core looks for the mark: in objects, by name. */
export function sensitivePaths(description: joi.Description, before: readonly string[] = []): readonly string[][] {
  const keys: Readonly<Record<string, joi.Description>> = description.keys ?? {};
  return Object.entries(keys).flatMap(([name, key]) => {
    const path = [...before, name];
    if (isSensitive(key)) return [path];
    return key.type === "object" ? sensitivePaths(key, path) : [];
  });
}

/** How many marks there are anywhere: in lists, alternatives and patterns the core does not find them. */
export function countMarks(description: unknown): number {
  if (typeof description !== "object" || description === null) return 0;
  const own = isSensitive(description) ? 1 : 0;
  return Object.values(description).reduce((sum: number, inner) => sum + countMarks(inner), own);
}

function isSensitive({ metas }: { readonly metas?: unknown }): boolean {
  return Array.isArray(metas) && metas.some((meta: { readonly sensitive?: boolean }) => meta.sensitive === true);
}

/** Options with a value to be recognised in every sensitive place, and what stands in the others as it was given. */
export function withMarks(
  schema: joi.ObjectSchema,
  given: SampleOptions,
): { readonly options: SampleOptions; readonly marked: readonly Marked[] } {
  let options = given;
  const marked: Marked[] = [];
  for (const [index, path] of sensitivePaths(schema.describe()).entries()) {
    const forms = formsOf(index);
    const value = forms.find((form) => takes(schema, withValue(options, path, form), path)) ?? valueAt(given, path);
    options = withValue(options, path, value ?? forms[0]);
    marked.push({ path, value: value ?? forms[0], taken: value !== undefined });
  }
  return { options, marked };
}

/** Secrets are written in few ways; one of them is as a rule let through by a schema that minds. */
function formsOf(index: number): readonly [string, ...unknown[]] {
  const digits = `5ec2e7000${index}`.padEnd(64, "c0ffee");
  return [
    `throw-away-sensitive-option-${index}-0123456789`,
    digits,
    digits.slice(0, 32),
    `${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`,
    Buffer.from(digits).toString("base64"),
    `https://sensitive-option-${index}.example/throw-away`,
    52_733_000 + index,
  ];
}

function takes(schema: joi.ObjectSchema, options: SampleOptions, path: readonly string[]): boolean {
  const { error } = schema.validate(options, { abortEarly: false });
  return !(error?.details ?? []).some((detail) => path.every((name, index) => detail.path[index] === name));
}

/** What is said of every value that the schema does not take: it reaches whoever registers the source, and the log. */
export function refusals(schema: joi.ObjectSchema, options: SampleOptions): readonly Said[] {
  return sensitivePaths(schema.describe()).flatMap((path, index) =>
    formsOf(index).flatMap((value) => {
      const { error } = schema.validate(withValue(options, path, value), { abortEarly: false, messages: coreMessages });
      return error === undefined ? [] : [{ path, value, said: error.message }];
    }),
  );
}

interface Said {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly said: string;
}

function withValue(options: SampleOptions, [name = "", ...rest]: readonly string[], value: unknown): SampleOptions {
  if (rest.length === 0) return { ...options, [name]: value };
  const inner = options[name];
  return { ...options, [name]: withValue(isObject(inner) ? inner : {}, rest, value) };
}

function valueAt(options: SampleOptions, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, name) => (isObject(value) ? value[name] : undefined), options);
}

function isObject(value: unknown): value is SampleOptions {
  return typeof value === "object" && value !== null;
}
