import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  compileExpression,
  ExpressionError,
  evaluateExpressions,
  longestExpression,
  type Outcome,
  RealmTimeout,
  timeoutMs,
} from "@thruway/sdk/expression";
import * as fc from "fast-check";
import jsonata from "jsonata";

const receivedAt = new Date("2026-01-15T10:00:00.000Z");

function outcome(source: string, item: unknown = {}, payload?: unknown): Outcome {
  const [[found] = []] = evaluateExpressions({
    expressions: [compileExpression(source)],
    items: [item],
    receivedAt,
    ...(payload !== undefined && { payload }),
  });
  assert.ok(found);
  return found;
}

describe("an expression", () => {
  const alert = { rule: { level: 7, groups: ["sshd", "auth"] }, user: "j.doe", empty: [], id: "9007199254740993" };
  const values: readonly (readonly [source: string, value: unknown])[] = [
    ["user & '@' & rule.groups[0]", "j.doe@sshd"],
    ["rule.groups[$contains($, 'ss')]", "sshd"],
    ["rule.level > 5 ? 'high' : 'low'", "high"],
    ["$map(rule.groups, $uppercase)", ["SSHD", "AUTH"]],
    ["id", "9007199254740993"],
    ["{'a': rule.level}", { a: 7 }],
    ["missing", undefined],
    ["$pad(user, 8, '*')", "j.doe***"],
    ["$pad(user, -8)", "   j.doe"],
    ["1 / 0", undefined],
    ["$uppercase", undefined],
    ["function($x) { $x }", undefined],
    ["rule.constructor", undefined],
    ["$lookup(rule, '__proto__')", undefined],
  ];
  for (const [source, value] of values) {
    test(`${source} gives ${JSON.stringify(value)}`, () => {
      assert.deepEqual(outcome(source, alert), value === undefined ? {} : { value });
    });
  }

  test("is evaluated for each item, with the whole payload as $payload", () => {
    const expressions = ["name", "$payload.site & '/' & name"].map(compileExpression);
    const payload = { site: "north", hosts: [{ name: "a" }, { name: "b" }] };
    assert.deepEqual(evaluateExpressions({ expressions, items: payload.hosts, payload, receivedAt }), [
      [{ value: "a" }, { value: "north/a" }],
      [{ value: "b" }, { value: "north/b" }],
    ]);
  });

  test("has the time of receipt for its clock", () => {
    assert.deepEqual(outcome("$now()"), { value: "2026-01-15T10:00:00.000Z" });
    assert.deepEqual(outcome("$now('[Y0001]')"), { value: "2026" });
    assert.deepEqual(outcome("$millis()"), { value: receivedAt.getTime() });
    assert.equal(compileExpression("$now()").readsClock, true);
  });

  test("that fails is told from one that finds nothing, and fails alone", () => {
    const expressions = ["$lowercase(5)", "rule.level"].map(compileExpression);
    const [[failed, found] = []] = evaluateExpressions({ expressions, items: [alert], receivedAt });
    assert.match(failed && "failed" in failed ? failed.failed : "", /lowercase/);
    assert.deepEqual(found, { value: 7 });
  });

  test("may refuse what it is given", () => {
    assert.deepEqual(outcome("$error('no host')"), { refused: "no host" });
    assert.deepEqual(outcome("$assert(1 = 2, 'not one')"), { refused: "not one" });
  });

  test("sees copies: what it groups and changes stays as it was, for the next one too", () => {
    const item = { list: [], o: { a: 1 } };
    const before = structuredClone(item);
    const expressions = ["list{'a': 1}", "$ ~> |o|{'a': 2}|", "$count(list)", "o.a"].map(compileExpression);
    const [row] = evaluateExpressions({ expressions, items: [item], receivedAt });
    assert.deepEqual(row?.slice(2), [{ value: 0 }, { value: 1 }]);
    assert.deepEqual(item, before);
  });
});

describe("an expression is refused when it is compiled", () => {
  const wrong: readonly (readonly [source: string, message: RegExp])[] = [
    ["a.(", /^is not JSONata at character 3: Expected "\)" before end of expression$/],
    ["", /^is not JSONata at character 0: /],
    ["'a", /^is not JSONata at character 2: String literal must be terminated/],
    ["(".repeat(2_000), /^is not JSONata/],
    ["a".repeat(longestExpression + 1), /^is longer than 2000 characters$/],
    ["$eval('1')", /^calls \$eval at character 5, which would run what a sender writes$/],
    ["a ~> $eval", /\$eval/],
    ["$sift($, $random)", /^calls \$random at character 16, which gives something else each time$/],
    ["$shuffle(a)", /\$shuffle/],
    ["$match(a, b)", /\$match/],
    ["$base64decode(a)", /\$base64decode/],
    ["$replace(a, /(x+)+y/, 'b')", /^has a regular expression at character 20; compare with a text instead$/],
    ["a[b[$contains(c, /d/)]]", /regular expression/],
    ["$uppercas(a)", /^names \$uppercas at character 9, which is nothing that it defines or JSONata has$/],
    ["$constructor", /\$constructor/],
    ["$toString()", /\$toString/],
  ];
  for (const [source, message] of wrong) {
    test(source.slice(0, 40), () => {
      assert.throws(() => compileExpression(source), { name: ExpressionError.name, message });
    });
  }

  test("but not for a name that it defines itself", () => {
    for (const source of ["($x := 1; $x)", "$map(a, function($each) { $each.b })", "a@$l.b#$i.{'x': $l, 'y': $i}"]) {
      assert.equal(compileExpression(source).source, source);
    }
  });
});

describe("an expression is bounded", () => {
  const refused: readonly (readonly [source: string, message: RegExp])[] = [
    ["($f := function($x) { 1 + $f($x + 1) }; $f(1))", /Stack overflow/],
    ["[1..100000]", /sequence length/],
    ["$reduce([1..25], function($a, $b) { $a & $a }, 'x')", /^gives more than is allowed$/],
    ["$reduce([1..40], function($a, $b) { $a & $a }, 'x')", /Invalid string length/],
    ["$reduce([1..40], function($a, $b) { [$a, $a] }, 'x')", /sequence length|more than is allowed/],
    ["$pad('', 400000000)", /too large/],
    ["$pad('', -400000000)", /too large/],
  ];
  for (const [source, message] of refused) {
    test(source, () => {
      const found = outcome(source);
      assert.match("refused" in found ? found.refused : JSON.stringify(found), message);
    });
  }

  test("in time, by being ended in the middle, and what comes after it is none the worse", () => {
    const since = performance.now();
    assert.throws(() => outcome("($f := function($x) { $f($x + 1) }; $f(1))"), {
      name: RealmTimeout.name,
      message: "took more than 100 ms",
    });
    assert.ok(performance.now() - since < 20 * timeoutMs, "it was not ended");
    assert.deepEqual(outcome("a", { a: 1 }), { value: 1 });
  });
});

test("it answers as JSONata itself does, though that is asynchronous", async () => {
  const item = {
    orders: [
      { id: "a", price: 3, tags: ["x", "y"] },
      { id: "b", price: 1, tags: [] },
      { id: "c", price: 2, tags: ["x"] },
    ],
    name: "Ann  Lee",
    nothing: null,
  };
  const sources = [
    "orders.id",
    "orders[price > 1].id",
    "orders[0]",
    "orders[-1].tags",
    "orders^(>price).id",
    "orders{id: price}",
    "orders.{'n': id, 'first': tags[0]}",
    "orders@$o.tags#$i.($o.id & $i)",
    "orders.tags.%.id",
    "$sum(orders.price) & ' in ' & $count(orders)",
    "$map(orders, function($o, $i) { $o.id & $i })",
    "$filter(orders, function($o) { $o.price < 3 }).id",
    "$single(orders, function($o) { $o.id = 'b' }).price",
    "$reduce(orders.price, function($a, $b) { $a + $b })",
    "$sort(orders.price, function($a, $b) { $a < $b })",
    "$each(orders[0], function($v, $k) { $k })",
    "$sift(orders[0], function($v, $k) { $k = 'id' })",
    "($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f(10))",
    "($add := function($a, $b) { $a + $b }; $inc := $add(1, ?); $inc(2))",
    "name ~> $uppercase ~> $substringBefore(' ')",
    "($shout := $uppercase ~> $trim; $shout(name))",
    "$ ~> |orders|{'price': price * 2}, 'tags'|",
    "$split(name, ' ')[$ != '']",
    "$replace(name, ' ', '_')",
    "$contains(name, 'Lee') and $not($exists(missing))",
    "nothing = null ? 'none' : 'some'",
    "[1..3].($ * 2)",
    "**[tags].id",
    "$fromMillis(0) & $string($toMillis('2026-01-15T10:00:00Z'))",
    "$formatNumber(1234.5, '#,##0.00') & $formatBase(255, 16)",
    "$lowercase(5)",
    "'a' + 1",
  ];
  for (const source of sources) {
    const expected = await jsonata(source)
      .evaluate(structuredClone(item))
      .then(
        (value: unknown) => ({ value }),
        ({ message }: { readonly message: string }) => ({ failed: message }),
      );
    const plain: unknown = JSON.parse(JSON.stringify(expected));
    assert.deepEqual(outcome(source, item), plain, source);
  }
});

test("no payload passes for a function, changes, or makes an expression throw", () => {
  const marks = ["_jsonata_lambda", "_jsonata_function", "thunk", "sequence", "keepSingleton", "outerWrapper", "then"];
  const key = fc.oneof(fc.constantFrom("a", "b", "body", "environment", "implementation", ...marks), fc.string());
  const payloads = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: "small" },
      fc.constantFrom<unknown>(true, null, "", "$eval('1')", 9_007_199_254_740_991),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string(),
      fc.array(tie("tree"), { maxLength: 4 }),
      fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
    ),
  })).tree;
  const expressions = ["a", "a.b", "$map(a, a)", "a(1)", "a ~> b", "**.b", "*", "a{b: a}", "a^(b)", "$string(a)"];
  const compiled = [...expressions, "$sort(a)", "$keys(a)", "a[b]", "$each(a, b)", "$", "a@$x.b"].map(
    compileExpression,
  );
  fc.assert(
    fc.property(payloads, (payload) => {
      const before = JSON.stringify(payload);
      const [row] = evaluateExpressions({ expressions: compiled, items: [payload], receivedAt });
      assert.equal(row?.length, compiled.length);
      assert.equal(JSON.stringify(payload), before);
      assert.deepEqual(evaluateExpressions({ expressions: compiled, items: [payload], receivedAt }), [row]);
    }),
  );
});
