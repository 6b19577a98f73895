import { entityRoles, entityTypes, joi } from "@thruway/sdk";
import { type Reads, readerOf } from "./expression.ts";
import { ignorerOf } from "./ignore.ts";
import { type FieldMapOptions, plainFields } from "./index.ts";
import { MapError } from "./map-error.ts";
import { mitreReaderOf } from "./mitre.ts";

const mostEntities = 50;
const mostConditions = 20;

/** For those who list the options. */
const pathOrExpression = "a path, a JSONata expression or a constant";

/** Joi knows no path and no JSONata: what reads a part of the map is what checks it, and its words are what is wrong. */
function readBy(read: (value: unknown) => unknown): joi.AnySchema {
  return joi
    .any()
    .custom((value: unknown) => {
      read(value);
      return value;
    })
    .messages({ "any.custom": "{{#label}} {{#error.message}}" });
}

function source(reads: Reads = {}): joi.AnySchema {
  return readBy((value) => readerOf(value, reads)).description(pathOrExpression);
}

const clockless = readBy(refuseClock).description(pathOrExpression);

function refuseClock(value: unknown): void {
  if (readerOf(value).expressions.some(({ readsClock }) => readsClock)) {
    throw new MapError("names the time of receipt, which is another one when the same event comes again");
  }
}

const condition = readBy(ignorerOf).description("a condition");

export const mapOptions = joi.object<FieldMapOptions>({
  ...Object.fromEntries(Object.entries(plainFields).map(([field, reads]) => [field, source(reads)])),
  event_id: clockless,
  entities: joi
    .array()
    .items(
      joi.object({
        type: joi.valid(...entityTypes).required(),
        role: joi.valid(...entityRoles),
        value: source().required(),
      }),
    )
    .max(mostEntities),
  mitre: readBy(mitreReaderOf).description("where id, tactic and technique stand"),
  ignore_when: joi
    .alternatives()
    .conditional(joi.array(), {
      // biome-ignore lint/suspicious/noThenProperty: the option of Joi's is called so
      then: joi.array().items(condition).max(mostConditions),
      otherwise: condition,
    })
    .description("a condition, or a list of them"),
});
