import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JsonError, maxJsonDepth, parseJson } from "@thruway/sdk";

function parse(text: string): unknown {
  return parseJson(Buffer.from(text));
}

function refused(given: string | Uint8Array, message: RegExp): void {
  assert.throws(() => parseJson(Buffer.from(given)), { name: "JsonError", message });
}

describe("numbers", () => {
  const kept = [
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "1719309930613520072",
    "133221234560000000000",
    "-9223372036854775808",
    "18446744073709551615",
    "1e400",
    "-1e400",
    "1E400",
    "1e16",
    "9007199254740993.0",
    "123456789e10",
    `1${"0".repeat(400)}`,
  ];
  for (const digits of kept) {
    test(`${digits.slice(0, 30)} keeps its digits, as text, wherever it stands`, () => {
      assert.equal(parse(digits), digits);
      assert.deepEqual(parse(`{"a":[{"b": ${digits} }],"c":1}`), { a: [{ b: digits }], c: 1 });
    });
  }

  const numbers = {
    "0": 0,
    "-1": -1,
    "4625": 4625,
    "1705320000000": 1705320000000,
    "9007199254740991": Number.MAX_SAFE_INTEGER,
    "-9007199254740991": Number.MIN_SAFE_INTEGER,
    "1e3": 1000,
    "1.5e-7": 1.5e-7,
    "0.1": 0.1,
    "1705320000.123456": 1705320000.123456,
    "0.30000000000000004": 0.30000000000000004,
    "3.141592653589793238462643": Math.PI,
    "1e-400": 0,
  } as const;
  for (const [digits, number] of Object.entries(numbers)) {
    test(`${digits} is a number`, () => assert.deepEqual(parse(`{"a":[${digits}]}`), { a: [number] }));
  }

  test("digits within a string are nobody's number", () => {
    assert.deepEqual(parse('{"id":"1719309930613520072","n":1}'), { id: "1719309930613520072", n: 1 });
    assert.deepEqual(parse('["\\"1719309930613520072", 2]'), ['"1719309930613520072', 2]);
  });

  for (const text of [
    "NaN",
    "Infinity",
    "-Infinity",
    "+1",
    "01",
    "1.",
    ".5",
    "0x10",
    "1_000",
    "12345678901234567890n",
  ]) {
    test(`${text} is not JSON`, () => refused(text, /^Body is not valid JSON: /));
  }
});

describe("keys that reach a prototype", () => {
  const proto = 'Body has a forbidden key "__proto__"';
  const constructorKey = 'Body has a forbidden key "constructor.prototype"';
  const cases: readonly (readonly [body: string, message: string])[] = [
    ['{"__proto__":{"polluted":true}}', proto],
    ['{"__proto__":null}', proto],
    ['{"__proto__":1,"a":2}', proto],
    ['{"a":[{"b":{"__proto__":{}}}]}', proto],
    ['{"\\u005f_proto__":{}}', proto],
    ['{"\\u005F\\u005fpr\\u006Fto__":{}}', proto],
    ['{"a":12345678901234567890,"__proto__":{}}', proto],
    ['{"constructor":{"prototype":{"polluted":true}}}', constructorKey],
    ['{"constructor":{"prototype":null}}', constructorKey],
    ['[{"constructor" : {"a":1,"prototype":{}}}]', constructorKey],
    ['{"c\\u006fnstructor":{"prot\\u006ftype":{}}}', constructorKey],
    ['{"a":null,"b":[null,{"constructor":{"prototype":{}}}]}', constructorKey],
  ];
  for (const [body, message] of cases) {
    test(`${body} is refused`, () => {
      assert.throws(() => parse(body), { name: "JsonError", message });
      assert.equal("polluted" in {}, false);
    });
  }

  test("the same words as values, or beside a prototype, are harmless", () => {
    for (const body of [
      '{"a":"__proto__","b":"constructor","c":["prototype"]}',
      '{"constructor":"ACME Ltd"}',
      '{"constructor":{"name":"ACME"}}',
      '{"prototype":{"constructor":1}}',
      '{"constructor":null}',
      '{"__proto":1,"proto__":2}',
    ]) {
      assert.deepEqual(parse(body), JSON.parse(body), body);
    }
  });
});

describe("depth", () => {
  const nested = (open: string, close: string, depth: number): string => open.repeat(depth) + close.repeat(depth);

  test(`${maxJsonDepth} levels are taken, of lists, objects or both`, () => {
    assert.doesNotThrow(() => parse(nested("[", "]", maxJsonDepth)));
    assert.doesNotThrow(() => parse(`${'{"a":'.repeat(maxJsonDepth)}1${"}".repeat(maxJsonDepth)}`));
    assert.doesNotThrow(() => parse(`${'[{"a":'.repeat(maxJsonDepth / 2)}1${"}]".repeat(maxJsonDepth / 2)}`));
  });

  test("one more is refused", () => {
    refused(nested("[", "]", maxJsonDepth + 1), /nested more than 64 levels deep/);
    refused(`${'{"a":'.repeat(maxJsonDepth + 1)}1${"}".repeat(maxJsonDepth + 1)}`, /nested more than 64 levels/);
  });

  test("ten thousand, or a million that never close, are refused at once", () => {
    refused(nested("[", "]", 10_000), /nested more than 64 levels/);
    refused("[".repeat(1_000_000), /nested more than 64 levels/);
    refused('{"a":'.repeat(200_000), /nested more than 64 levels/);
  });

  test("brackets within strings have no depth", () => {
    const text = `${"[{".repeat(200)}\\"${"]".repeat(10)}\\\\`;
    assert.deepEqual(parse(`["${text}",{"${text}":[]}]`), JSON.parse(`["${text}",{"${text}":[]}]`));
  });

  test("many beside each other are not deep", () => {
    assert.equal((parse(`[${"[],".repeat(10_000)}[]]`) as unknown[]).length, 10_001);
  });
});

describe("bytes", () => {
  const invalid = {
    "a lone continuation byte": [0x22, 0x80, 0x22],
    "a cut sequence": [0x22, 0xe2, 0x82, 0x22],
    "an overlong slash": [0x22, 0xc0, 0xaf, 0x22],
    "a surrogate half": [0x22, 0xed, 0xa0, 0x80, 0x22],
    "beyond Unicode": [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22],
    "Latin-1": [0x22, 0xfc, 0x22],
    "UTF-16": [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00],
  } as const;
  for (const [title, bytes] of Object.entries(invalid)) {
    test(`${title} is not UTF-8`, () => refused(Uint8Array.from(bytes), /^Body is not valid UTF-8$/));
  }

  test("a byte order mark is skipped at the start, once, and kept within a string", () => {
    assert.deepEqual(parse('\ufeff{"a":1}'), { a: 1 });
    assert.equal(parse('"\ufeffa"'), "\ufeffa");
    refused('\ufeff\ufeff{"a":1}', /^Body is not valid JSON: /);
    refused('{"a":\ufeff1}', /^Body is not valid JSON: /);
  });

  test("any text of Unicode comes through", () => {
    assert.deepEqual(parse('{"ключ":"値 😀 \\ud83d\\ude00 \u2028"}'), { ключ: "値 😀 😀 \u2028" });
  });

  test("an escaped lone surrogate is taken: it is JSON, and text on its way to the store", () => {
    assert.equal(parse('"\\ud800"'), "\ud800");
  });

  test("a view into a larger buffer is read within its bounds", () => {
    const bytes = Buffer.from('xx{"a":1}yy').subarray(2, 9);
    assert.deepEqual(parseJson(bytes), { a: 1 });
    assert.deepEqual(parseJson(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)), { a: 1 });
  });
});

describe("what is not JSON", () => {
  for (const text of [
    "",
    " ",
    "{",
    '{"a":1',
    "{'a':1}",
    '{"a":1,}',
    "[1,]",
    '{"a":1}{}',
    "// a\n{}",
    '"a\nb"',
    "nul",
    "]",
  ]) {
    test(`${JSON.stringify(text)} is refused`, () => refused(text, /^Body is not valid JSON: \S/));
  }

  test("is told apart from other errors", () => assert.throws(() => parse("{"), JsonError));
});

test("any JSON value is a body, not just an object", () => {
  for (const [text, value] of Object.entries({ null: null, true: true, '"a"': "a", "[]": [], "1": 1 })) {
    assert.deepEqual(parse(` ${text}\n`), value);
  }
});

test("of two fields of one name the last counts, as everywhere else in JavaScript", () => {
  assert.deepEqual(parse('{"severity":"low","severity":"high"}'), { severity: "high" });
});
