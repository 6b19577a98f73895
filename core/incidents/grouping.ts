import { hash } from "node:crypto";
import { entityRoles, entityTypes } from "@thruway/sdk/alert";
import joi from "joi";
import { durationMs } from "../duration.ts";
import type { Group, IncidentDraft } from "./incident.ts";
import { isOver } from "./transitions.ts";

/** What a source says about alerts that are one incident although their vendor gives each an id of its own, or none. */
export interface Grouping {
  /** Alerts that are the same in all of these. */
  readonly by: readonly string[];
  /** And come within this time after the last of them: `30m`, `1h`, `7d`. */
  readonly window: string;
}

const words = ["type", "title", "severity", "vendor_severity"] as const;

/** `entities.host`, `entities.user.target`. */
const entityFields = entityTypes.flatMap((type) => [
  `entities.${type}`,
  ...entityRoles.map((role) => `entities.${type}.${role}`),
]);

const longestWindowMs = 30 * 86_400_000;
const windowForm = "a time like 30m, 1h or 7d, up to 30d";
const fieldForm = `one of ${words.join(", ")}, entities.<type> or entities.<type>.<role>`;

/** `{by: [type, entities.host], window: 1h}`. */
export const groupingSchema: joi.ObjectSchema<Grouping> = joi.object<Grouping>({
  by: joi
    .array()
    .items(
      joi
        .string()
        .valid(...words, ...entityFields)
        .messages({ "any.only": `{#label} must be ${fieldForm}` }),
    )
    .min(1)
    .max(5)
    .unique()
    .required(),
  window: joi
    .string()
    .custom((text: string, helpers) => {
      const milliseconds = windowMs(text);
      return milliseconds > 0 && milliseconds <= longestWindowMs
        ? text
        : helpers.message({ custom: `{#label} must be ${windowForm}` });
    })
    .required(),
});

/** In milliseconds; 0 for what is no time. */
export function windowMs(text: string): number {
  return /^\d{1,5}[mhd]$/.test(text) ? (durationMs(text) ?? 0) : 0;
}

/**
 * The group of an alert; `undefined` where one of the fields is missing or made up: what is not known is never the same.
 *
 * @param madeUp fields that no alert said
 */
export function groupOf(
  draft: IncidentDraft,
  grouping: Grouping | null,
  madeUp: readonly string[] = [],
): Group | undefined {
  if (grouping === null || isOver(draft.status)) return undefined;
  const values: unknown[] = [];
  for (const field of grouping.by) {
    const value = madeUp.includes(field) ? null : valueIn(draft, field);
    if (value === null || value.length === 0) return undefined;
    values.push(value);
  }
  const key = hash("sha256", JSON.stringify([draft.source, grouping.by, values]), "base64url");
  return { key, windowMs: windowMs(grouping.window) };
}

function valueIn(draft: IncidentDraft, field: string): string | readonly string[] | null {
  const word = words.find((each) => each === field);
  if (word !== undefined) return draft[word];
  const [, type, role] = field.split(".");
  const found = draft.entities.filter((entity) => entity.type === type && (role === undefined || entity.role === role));
  return [...new Set(found.map(({ value }) => value.toLowerCase()))].toSorted();
}
