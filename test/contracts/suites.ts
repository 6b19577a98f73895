import { describe } from "node:test";
import { commitSuite } from "./commits.ts";
import { deliverySuite } from "./deliveries.ts";
import { duplicateSuite } from "./duplicates.ts";
import { incidentSuite } from "./incidents.ts";
import { lifetimeSuite } from "./lifetime.ts";
import { numberSuite } from "./numbers.ts";
import type { NewPlace } from "./place.ts";
import { queueSuite } from "./queue.ts";
import { refusalSuite } from "./refusals.ts";
import { sourceSuite } from "./sources.ts";
import { tokenSuite } from "./tokens.ts";

const suites = [
  commitSuite,
  duplicateSuite,
  numberSuite,
  deliverySuite,
  refusalSuite,
  queueSuite,
  incidentSuite,
  sourceSuite,
  tokenSuite,
  lifetimeSuite,
];

/** Everything that is asked of a store, of one implementation. */
export function storeContract(name: string, newPlace: NewPlace): void {
  describe(name, () => {
    for (const suite of suites) suite(newPlace);
  });
}
