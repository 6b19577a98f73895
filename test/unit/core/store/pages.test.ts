import assert from "node:assert/strict";
import { randomUUIDv7 } from "node:crypto";
import { test } from "node:test";
import * as fc from "fast-check";
import { earliestId, page } from "../../../../core/store/pages.ts";
import { idAt } from "../../../contracts/builders.ts";

test("the earliest id of a moment comes after every id before it, and before every id of it", () => {
  const moment = fc.date({ min: new Date(1), max: new Date("9999-12-31"), noInvalidDate: true });
  fc.assert(
    fc.property(moment, (moment) => {
      const earliest = earliestId(moment.toISOString());
      assert.ok(earliest <= idAt(moment.toISOString()));
      assert.ok(earliest > idAt(new Date(moment.getTime() - 1).toISOString()));
    }),
  );
});

test("an id that is made now lies between now and the next second", () => {
  const now = Date.now();
  const id = randomUUIDv7();
  assert.ok(id >= earliestId(new Date(now).toISOString()));
  assert.ok(id < earliestId(new Date(now + 1_000).toISOString()));
});

test("moments are compared in UTC, whatever zone they are written in, and those before 1970 are all the same", () => {
  assert.equal(earliestId("2026-01-15T12:00:00+02:00"), earliestId("2026-01-15T10:00:00.000Z"));
  assert.equal(earliestId("1800-01-01T00:00:00Z"), "00000000-0000-0000-0000-000000000000");
});

test("a page ends where its limit is, and names the next only where there is one", () => {
  const ids = fc.uniqueArray(fc.uuid(), { maxLength: 12 });
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 10 }), (ids, limit) => {
      // Whoever asks for a page reads one row more than it shows.
      const rows = ids.slice(0, limit + 1).map((id) => ({ id }));
      const { data, next } = page(rows, limit);
      assert.deepEqual(data, rows.slice(0, limit));
      assert.equal(next, ids.length > limit ? ids[limit - 1] : undefined);
    }),
  );
});
