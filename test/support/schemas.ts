/** The schemas that exports are checked against, compiled once. */
import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import ecs from "../../core/incidents/export/schemas/ecs-9.4.0.schema.json" with { type: "json" };
import ocsf from "../../core/incidents/export/schemas/ocsf-1.8.0.schema.json" with { type: "json" };

const ajv = new Ajv2020({
  strict: true,
  allErrors: true,
  // What is in an `anyOf` or behind an `if` names fields that are declared beside it.
  strictRequired: false,
  strictTypes: false,
  formats: {
    ipv4: isIPv4,
    ipv6: isIPv6,
    "date-time": (text: string) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text),
  },
});
const validators = { ocsf: ajv.compile(ocsf), ecs: ajv.compile(ecs) } satisfies Record<string, ValidateFunction>;

/** As it is read by whoever receives it: through JSON. */
export function assertValid(format: keyof typeof validators, exported: object): void {
  const validate = validators[format];
  const received: unknown = JSON.parse(JSON.stringify(exported));
  if (validate(received)) return;
  const faults = validate.errors?.map(({ instancePath, message, params }) => [instancePath, message, params]);
  assert.fail(`${JSON.stringify(faults, null, 1)}\nin ${JSON.stringify(received, null, 1)}`);
}

/** Whether it would be taken. */
export function isValid(format: keyof typeof validators, exported: object): boolean {
  return validators[format](JSON.parse(JSON.stringify(exported)));
}
