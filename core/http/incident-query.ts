import { severities, verdicts } from "@thruway/sdk";
import joi from "joi";
import { statuses } from "../incidents/incident.ts";
import { parseIncidentNumber } from "../incidents/number.ts";
import { none, wordsOf } from "../incidents/terms.ts";
import { type IncidentFacet, type IncidentQuery, incidentFacets, incidentSorts } from "../store/ports.ts";
import { anyOfValues, listParameters, repeated } from "./query.ts";

export type AskedIncidents = Omit<IncidentQuery, "after" | "includeTests"> & {
  readonly cursor?: string;
  readonly include_tests: boolean;
  readonly facets?: readonly IncidentFacet[];
};

const mostWords = 20;
const mostEach = 10;
const longest = 2_048;

/** Where a page ended: the id, and before it what the list is sorted by. */
const cursor =
  /^(?:(?:\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z|[a-z]{1,8}) )?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Everything on which incidents are filtered, sorted and counted. */
export const incidentQuery: joi.ObjectSchema<AskedIncidents> = joi.object<AskedIncidents>({
  ...listParameters,
  source: joi.string(),
  plugin: joi.string(),
  severity: anyOfValues(severities),
  status: anyOfValues(statuses),
  verdict: anyOfValues([...verdicts, none]),
  type: joi.string(),
  external_id: joi.string(),
  number: joi
    .string()
    .custom((text: string, helpers) =>
      parseIncidentNumber(text) === undefined
        ? helpers.message({ custom: "{#label} must be a number like INC-2026-0001" })
        : text,
    ),
  assignee: joi.string(),
  tag: repeated(joi.string().max(longest)).max(mostEach),
  entity: repeated(joi.string().max(longest)).max(mostEach),
  search: joi
    .string()
    .max(longest)
    .custom((text: string, helpers) => {
      const words = wordsOf(text).length;
      if (words === 0) return helpers.message({ custom: "{#label} must hold a word" });
      return words > mostWords ? helpers.message({ custom: `{#label} must hold at most ${mostWords} words` }) : text;
    }),
  updated_since: joi.string().isoDate(),
  updated_until: joi.string().isoDate(),
  occurred_since: joi.string().isoDate(),
  occurred_until: joi.string().isoDate(),
  include_tests: joi.boolean().default(false),
  sort: joi
    .string()
    .valid(...incidentSorts)
    .default("created"),
  facets: anyOfValues(incidentFacets).unique(),
  cursor: joi.string().when("sort", {
    is: "created",
    // biome-ignore lint/suspicious/noThenProperty: Joi's own word
    then: joi.custom((text: string, helpers) => cursorOf(text, false) ?? helpers.error("any.invalid")),
    otherwise: joi.custom((text: string, helpers) => cursorOf(text, true) ?? helpers.error("any.invalid")),
  }),
});

function cursorOf(text: string, hasKey: boolean): string | undefined {
  const found = Buffer.from(text, "base64url").toString("latin1");
  return cursor.test(found) && found.includes(" ") === hasKey ? found : undefined;
}
