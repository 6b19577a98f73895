import joi from "joi";
import type { Detail } from "../errors.ts";
import { type Checked, check } from "../validate.ts";

/** For how many days what is stored is kept; `null` for ever. */
export interface RetentionPolicy {
  /** Since a delivery was received. */
  readonly deliveries: number | null;
  /** Since something changed an incident last. */
  readonly incidents: number | null;
}

/** Longer than anybody keeps anything, and short enough for a date. */
const mostDays = 36_500;

const remedy = `{#label} must be a number of days, 1 to ${mostDays}, or off`;

function days(preset: number | null): joi.NumberSchema {
  const faults = ["number.base", "number.integer", "number.min", "number.max", "number.unsafe", "number.infinity"];
  return joi
    .number()
    .integer()
    .min(1)
    .max(mostDays)
    .allow(null)
    .default(preset)
    .messages(Object.fromEntries(faults.map((fault) => [fault, remedy])));
}

/** The section `retention` of the configuration file. `off` is read before, as `null`. */
export const retentionSchema: joi.ObjectSchema<RetentionPolicy> = joi.object<RetentionPolicy>({
  deliveries: days(90),
  incidents: days(null),
});

/** What is kept where nobody says anything: deliveries with their bytes for 90 days, incidents for ever. */
export const presetPolicy: RetentionPolicy = Object.freeze({ deliveries: 90, incidents: null });

/** Reads the section of a file, which may be absent or empty. */
export function readPolicy(section: unknown): Checked<RetentionPolicy> {
  const checked = check(retentionSchema, off(section ?? {}));
  if ("value" in checked) return checked;
  const details = checked.details.map(
    ({ path, message }): Detail => ({ path: `retention${path && "."}${path}`, message }),
  );
  return { details };
}

/** Words of people for what is `null` on the wire. */
function off(section: unknown): unknown {
  if (typeof section !== "object" || section === null || Array.isArray(section)) return section;
  return Object.fromEntries(
    Object.entries(section).map(([name, value]) => [name, value === "off" || value === false ? null : value]),
  );
}
