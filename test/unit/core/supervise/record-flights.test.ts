import assert from "node:assert/strict";
import { test } from "node:test";
import pino from "pino";
import type { Flight } from "../../../../core/ingest/flights.ts";
import type { FlightFile } from "../../../../core/supervise/flight-file.ts";
import { recordFlights } from "../../../../core/supervise/record-flights.ts";
import { createStalls } from "../../../../core/supervise/stalls.ts";
import { aDelivery } from "../../../contracts/builders.ts";

function recorded(fail = false): {
  readonly flights: ReturnType<typeof recordFlights>;
  readonly stalls: ReturnType<typeof createStalls>;
  readonly did: string[];
  readonly lines: string[];
} {
  const did: string[] = [];
  const lines: string[] = [];
  function note(what: string): void {
    did.push(what);
    if (fail) throw new Error("no space left");
  }
  const file: FlightFile = {
    write: ({ delivery }) => note(`write ${delivery.source}`),
    clear: () => note("clear"),
    close: () => {},
  };
  const stalls = createStalls();
  const log = pino({}, { write: (line: string) => void lines.push(JSON.parse(line).msg) });
  return { flights: recordFlights(file, stalls, log), stalls, did, lines };
}

const flight: Flight = { delivery: aDelivery({ source: "edr" }) };

test("a delivery is written down before a plugin gets it, and struck out afterwards, also where it throws", () => {
  const { flights, did } = recorded();
  const made = flights.run(
    () => flight,
    () => {
      did.push("work");
      return 5;
    },
  );
  assert.equal(made, 5);
  assert.throws(() =>
    flights.run(
      () => flight,
      () => assert.fail("a bug"),
    ),
  );
  assert.deepEqual(did, ["write edr", "work", "clear", "write edr", "clear"]);
});

test("what has stalled before is neither written down nor tried", () => {
  const { flights, stalls, did } = recorded();
  stalls.add(flight);
  assert.equal(
    flights.run(
      () => flight,
      () => assert.fail("it was tried"),
    ),
    undefined,
  );
  assert.deepEqual(did, []);
});

test("a file that cannot be written holds nothing up, and is said once", () => {
  const { flights, lines } = recorded(true);
  for (const n of [1, 2, 3]) {
    assert.equal(
      flights.run(
        () => flight,
        () => n,
      ),
      n,
    );
  }
  assert.deepEqual(lines, ["What plugins are at cannot be written down"]);
});
