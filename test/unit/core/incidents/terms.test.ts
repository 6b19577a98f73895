import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { entityTerms, termOf, termsOf, wordsOf } from "../../../../core/incidents/terms.ts";
import { aDraft } from "../../../contracts/builders.ts";

test("a text has its words, each once, without case and accents", () => {
  assert.deepEqual(wordsOf("Müller & Söhne: MÜLLER's e-mail, №7"), ["muller", "sohne", "s", "e", "mail", "no7"]);
  assert.deepEqual(wordsOf("不審なmail"), ["不", "審", "な", "mail"]);
  assert.deepEqual(wordsOf("mail不審"), ["mail", "不", "審"]);
  assert.deepEqual(wordsOf("⺀ ⺀a"), ["a"]);
  assert.deepEqual(wordsOf(`a${"𐐨".repeat(100)}`), [`a${"𐐨".repeat(63)}`]);
  assert.deepEqual(wordsOf(" -- '' "), []);
});

test("whatever is in an incident, its terms are what no index splits or folds", () => {
  const text = fc.string({ unit: "binary", maxLength: 60 });
  fc.assert(
    fc.property(text, text, text, (title, value, tag) => {
      const draft = aDraft({ title, tags: [tag], assignee: value, entities: [{ type: "user", role: "actor", value }] });
      for (const term of termsOf(draft, "INC-2026-0001")) assert.match(term, /^[\p{L}\p{N}_]+$/u);
    }),
  );
});

test("two values have two terms, and no word is the term of a value", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (one, other) => {
      assert.equal(termOf("tag", one) === termOf("tag", other), one === other);
      assert.ok(!wordsOf(`${one} ${other}`).includes(termOf("tag", one)));
    }),
  );
});

test("an entity is looked up in its own form, of its type or of any", () => {
  assert.deepEqual(entityTerms("host:WS-01"), [termOf("host", "ws-01")]);
  assert.ok(entityTerms("EVIL[.]example").includes(termOf("domain", "evil.example")));
  assert.ok(entityTerms("2001:DB8:0::1").includes(termOf("ip", "2001:db8::1")));
  assert.equal(new Set(entityTerms("a")).size, 10);
});
