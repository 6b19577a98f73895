import { type Severity, severities } from "@thruway/sdk";
import joi from "joi";
import { type Grouping, groupingSchema } from "../incidents/grouping.ts";
import { auto } from "../registry/plugins.ts";

/** What somebody may say about a source; the names stand on the wire, in the file and in the documentation. */
export interface Registration {
  readonly source: string;
  readonly plugin: string;
  readonly secrets: readonly string[];
  readonly auto_triage: boolean;
  readonly playbook: string | null;
  readonly severity_mapping: Readonly<Record<string, Severity>>;
  readonly default_severity: Severity;
  readonly options: Readonly<Record<string, unknown>>;
  readonly processing: "immediate" | "queued";
  readonly tolerance_seconds: number | null;
  readonly rate_limit: { readonly requests: number; readonly per_seconds: number } | null;
  readonly grouping: Grouping | null;
  readonly enabled: boolean;
}

/** Counted in metrics under this name are requests for sources that are not registered. */
export const unknownSource = "unknown";

const mostSecrets = 5;

export const sourceName = joi
  .string()
  .pattern(/^[a-z0-9][a-z0-9._-]{0,62}$/, "lower-case letters, digits, dots, underscores and hyphens, at most 63")
  .invalid(unknownSource)
  .messages({
    "any.invalid": "{#label} must be another name: requests for unregistered sources are counted under this one",
  });

const secret = joi.string().min(1).max(1_024);
const severity = joi.string().valid(...severities);

/** What a vendor calls a severity is looked up in lower case. */
const severityMapping = joi
  .object()
  .pattern(joi.string().max(100), severity)
  .max(200)
  .custom((mapping: Readonly<Record<string, Severity>>, helpers) => {
    const words = Object.entries(mapping).map(([word, mapped]) => [word.trim().toLowerCase(), mapped] as const);
    const lowered = Object.fromEntries(words);
    if (Object.keys(lowered).length === words.length) return lowered;
    return helpers.message({ custom: "{#label} must name each word once, whatever its case" });
  });

const fields = {
  plugin: joi.string(),
  auto_triage: joi.boolean(),
  playbook: joi
    .string()
    .pattern(/^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/, "letters, digits, underscores and hyphens")
    .allow(null),
  severity_mapping: severityMapping,
  default_severity: severity,
  options: joi.object().unknown(),
  processing: joi.string().valid("immediate", "queued"),
  tolerance_seconds: joi.number().integer().min(1).max(86_400).allow(null),
  rate_limit: joi
    .object({
      requests: joi.number().integer().min(1).max(1_000_000).required(),
      per_seconds: joi.number().integer().min(1).max(86_400).default(1),
    })
    .allow(null),
  grouping: groupingSchema.allow(null),
  enabled: joi.boolean(),
};

const defaults = {
  plugin: auto,
  auto_triage: false,
  playbook: null,
  severity_mapping: {},
  default_severity: "medium",
  options: {},
  processing: "immediate",
  tolerance_seconds: null,
  rate_limit: null,
  grouping: null,
  enabled: true,
} as const;

interface Secrets {
  readonly secret?: string;
  readonly secrets?: readonly string[];
}
export type NewSource = { readonly source: string } & Omit<Registration, "source" | "secrets"> & Secrets;
export type SourcePatch = Partial<Omit<Registration, "source" | "secrets">> &
  Secrets & { readonly add_secret?: string };

const secrets = joi.array().items(secret).min(1).max(mostSecrets).unique();

/** A new source: one `secret`, or several active `secrets`, newest first. */
export const newSourceSchema: joi.ObjectSchema<NewSource> = joi
  .object<NewSource>({
    source: sourceName.required(),
    secret,
    secrets,
    ...Object.fromEntries(
      Object.entries(fields).map(([name, schema]) => [name, schema.default(defaults[name as keyof typeof fields])]),
    ),
  })
  .nand("secret", "secrets")
  .required()
  .messages({ "object.nand": "must name only one of secret and secrets" });

/** Changes to a source. `add_secret` puts a new secret before the ones that stay active. */
export const sourcePatchSchema: joi.ObjectSchema<SourcePatch> = joi
  .object<SourcePatch>({ ...fields, secret, secrets, add_secret: secret })
  .oxor("secret", "secrets", "add_secret")
  .min(1)
  .required()
  .messages({
    "object.min": "must name at least one field to change",
    "object.oxor": "must name only one of secret, secrets and add_secret",
  });

/** The secrets that a registration or a change leaves active. */
export function activeSecrets(
  given: Secrets & { readonly add_secret?: string },
  before: readonly string[],
): readonly string[] {
  if (given.secret !== undefined) return [given.secret];
  if (given.secrets !== undefined) return given.secrets;
  if (given.add_secret === undefined) return before;
  return [given.add_secret, ...before.filter((each) => each !== given.add_secret)].slice(0, mostSecrets);
}
