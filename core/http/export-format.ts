import joi from "joi";
import { toEcs } from "../incidents/export/ecs.ts";
import { type OcsfClass, ocsfClasses, toOcsf } from "../incidents/export/ocsf.ts";
import type { Incident } from "../incidents/incident.ts";

/** The parameter `class`, beside a `format`: which class of OCSF. */
export const ocsfClass: joi.Schema = joi.when("format", {
  is: joi.valid("ocsf").required(),
  // biome-ignore lint/suspicious/noThenProperty: a word of joi
  then: joi.string().valid(...ocsfClasses),
  otherwise: joi.forbidden(),
});

interface ShownQuery {
  readonly format?: "ocsf" | "ecs";
  readonly class?: OcsfClass;
}

/** As what one incident is shown. */
export const shownQuery: joi.ObjectSchema<ShownQuery> = joi.object({
  format: joi.string().valid("ocsf", "ecs"),
  class: ocsfClass,
});

/** An incident in the format that is asked for; as it is where none is. */
export function shownAs(incident: Incident, query: ShownQuery): object {
  if (query.format === "ocsf") return toOcsf(incident, query.class);
  return query.format === "ecs" ? toEcs(incident) : incident;
}
