import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { TokenRecord } from "../../core/store/ports.ts";
import { aName, noon, times } from "./builders.ts";
import { type NewPlace, sharedStore } from "./place.ts";

/** API tokens: found by id, one of a name. */
export function tokenSuite(newPlace: NewPlace): void {
  describe("tokens", { timeout: 60_000 }, () => {
    const shared = sharedStore(newPlace);

    test("a token is found by its id, to the letter", async () => {
      const record = aToken("Abc123");
      await shared.store.tokens.put(record);
      assert.deepEqual(await shared.store.tokens.get("Abc123"), record);
      for (const id of ["abc123", "ABC123", "Abc12", "Abc1234", "", "%", "' OR 1=1 --"]) {
        assert.equal(await shared.store.tokens.get(id), undefined, id);
      }
    });

    test("a token replaces the one of its name, which opens nothing any more", async () => {
      const old = aToken("Old111");
      const renewed = aToken("New222", { name: old.name });
      await shared.store.tokens.put(old);
      await shared.store.tokens.put(renewed);
      assert.equal(await shared.store.tokens.get(old.id), undefined);
      assert.deepEqual(await shared.store.tokens.get(renewed.id), renewed);
    });

    test("the same token can be put again, as each start does", async () => {
      const record = aToken("Same33");
      await shared.store.tokens.put(record);
      await shared.store.tokens.put(record);
      assert.deepEqual(await shared.store.tokens.get(record.id), record);
    });

    test("tokens of other names stay", async () => {
      const [one, other] = [aToken("One444"), aToken("Two555")];
      await shared.store.tokens.put(one);
      await shared.store.tokens.put(other);
      assert.deepEqual(await shared.store.tokens.get(one.id), one);
    });

    test("of 20 tokens of one name put at once, one stays", async () => {
      const name = aName();
      const records = times(20, (index) => aToken(`Race${10 + index}`, { name }));
      await Promise.all(records.map((record) => shared.store.tokens.put(record)));
      const found = await Promise.all(records.map(({ id }) => shared.store.tokens.get(id)));
      assert.equal(found.filter((record) => record !== undefined).length, 1);
    });
  });
}

function aToken(id: string, given: Partial<TokenRecord> = {}): TokenRecord {
  return { id, name: aName(), hash: "0".repeat(64), created_at: noon, ...given };
}
