/** The fault matrix as data: `docs/operations.md` shows it, the tests beside this file run it. */
import type { FaultKind } from "../../support/mongo/faults.ts";

/** What happens to a request or to its answer, and what the page calls it. */
export const faults = {
  cutBefore: "The connection is cut before a write",
  cutAfter: "The connection is cut after a write, before its answer",
  stall: "The database stalls",
  writeConcernError: "The majority does not confirm a write",
  diskFull: "The disk is full, the database's or the spool's",
} as const satisfies Partial<Record<FaultKind, string>>;

/** Every write of an intake, a forward and a worker in its turn, so that each gap between two of them is met. */
export const writes = {
  intake: [
    "insert deliveries",
    "insert delivery_keys",
    "findAndModify incident_numbers",
    "insert incidents",
    "update deliveries",
  ],
  forward: ["insert deliveries", "insert delivery_keys", "insert incidents", "update deliveries"],
  claim: ["findAndModify deliveries", "insert incidents", "update deliveries"],
} as const;

/** What befalls the whole server, or the gateway. */
export const others = {
  refuse: "The database refuses every connection",
  killed: "The gateway is killed",
} as const;
