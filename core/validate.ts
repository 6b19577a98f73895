import type joi from "joi";
import type { Detail } from "./errors.ts";

/** More would only bury the first. */
const mostDetails = 20;

export type Checked<T> = { readonly value: T } | { readonly details: readonly Detail[] };

/** Joi's own words repeat the value, which may be a secret. Compiled once, since payloads pass by for each delivery. */
const messages = new WeakMap<joi.Root, joi.LanguageMessages>();

/** A plugin that is a package brings a Joi of its own, and no Joi takes what another one compiled. */
function messagesFor(schema: joi.Schema): joi.LanguageMessages {
  const { $_root: root } = schema as joi.Schema & { readonly $_root: joi.Root };
  const compiled = messages.get(root) ?? { "string.pattern.name": root.expression("{#label} must be {#name}") };
  messages.set(root, compiled);
  return compiled;
}

/** Validates against a Joi schema and reports every problem at once, each with its path. */
export function check<T>(schema: joi.Schema<T>, input: unknown, options: joi.ValidationOptions = {}): Checked<T> {
  const result = validate(schema, input, {
    abortEarly: false,
    errors: { wrap: { label: false } },
    messages: messagesFor(schema),
    ...options,
  });
  if (result.error === undefined) return { value: result.value };
  return {
    details: result.error.details.slice(0, mostDetails).map(({ path, message, context }) => {
      const label = context?.label ?? "";
      return {
        path: path.join("."),
        message: label !== "" && message.startsWith(`${label} `) ? message.slice(label.length + 1) : message,
      };
    }),
  };
}

/** `path message; path message`, for a line of text. */
export function inOneLine(details: readonly Detail[]): string {
  return details.map(({ path, message }) => (path === "" ? message : `${path} ${message}`)).join("; ");
}

/** Joi spreads its problems into a call, and some hundred thousand of them overflow the stack: then the first has to do. */
function validate<T>(schema: joi.Schema<T>, input: unknown, options: joi.ValidationOptions): joi.ValidationResult<T> {
  try {
    return schema.validate(input, options);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return schema.validate(input, { ...options, abortEarly: true });
  }
}
