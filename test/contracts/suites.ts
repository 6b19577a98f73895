import { describe } from "node:test";
import { againSuite } from "./again.ts";
import { changeSuite } from "./changes.ts";
import { commitSuite } from "./commits.ts";
import { deliverySuite } from "./deliveries.ts";
import { duplicateSuite } from "./duplicates.ts";
import { feedSuite } from "./feed.ts";
import { groupSuite } from "./groups.ts";
import { incidentSuite } from "./incidents.ts";
import { lifetimeSuite } from "./lifetime.ts";
import { mergeSuite } from "./merges.ts";
import { numberSuite } from "./numbers.ts";
import type { NewPlace } from "./place.ts";
import { pruneSuite } from "./prune.ts";
import { queueSuite } from "./queue.ts";
import { queueStatusSuite } from "./queue-status.ts";
import { refusalSuite } from "./refusals.ts";
import { requeueSuite } from "./requeue.ts";
import { searchSuite } from "./search.ts";
import { sourceSuite } from "./sources.ts";
import { tokenSuite } from "./tokens.ts";
import { triageSuite } from "./triage.ts";

const suites = [
  commitSuite,
  againSuite,
  duplicateSuite,
  numberSuite,
  deliverySuite,
  refusalSuite,
  queueSuite,
  requeueSuite,
  queueStatusSuite,
  pruneSuite,
  incidentSuite,
  changeSuite,
  groupSuite,
  mergeSuite,
  searchSuite,
  sourceSuite,
  tokenSuite,
  triageSuite,
  feedSuite,
  lifetimeSuite,
];

/** Everything that is asked of a store, of one implementation. */
export function storeContract(
  name: string,
  newPlace: NewPlace,
  options: { readonly skip?: string | false } = {},
): void {
  describe(name, options, () => {
    for (const suite of suites) suite(newPlace);
  });
}
