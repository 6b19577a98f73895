import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import {
  defined,
  distinct,
  entities,
  firstText,
  humanise,
  link,
  number,
  parseJson,
  record,
  records,
  severities,
  severityOf,
  snakeCase,
  some,
  text,
  texts,
} from "@thruway/sdk";

/** What no text, number, link or word can be read from. */
const nothing = [
  undefined,
  null,
  "",
  "  ",
  "\n\t",
  true,
  false,
  {},
  [],
  ["a"],
  Number.NaN,
  Number.POSITIVE_INFINITY,
  () => "a",
];

test("text is a trimmed string, or a number as its digits", () => {
  assert.equal(text("  WORKSTATION-01\n"), "WORKSTATION-01");
  assert.equal(text(0), "0");
  assert.equal(text(4625), "4625");
  assert.equal(text(-1.5), "-1.5");
  assert.equal(text("0"), "0");
  for (const value of nothing) assert.equal(text(value), undefined, inspect(value));
});

test("the first text is found past what says nothing, and within lists", () => {
  assert.equal(firstText(undefined, "", null, " a ", "b"), "a");
  assert.equal(firstText("", ["", null, "a", "b"], "c"), "a");
  assert.equal(firstText([], {}, 0), "0");
  assert.equal(firstText([["nested"]]), undefined);
  assert.equal(firstText(), undefined);
});

test("texts are those of a list, of one value, or of a joined string", () => {
  assert.deepEqual(texts(["a", " b ", "", null, 3]), ["a", "b", "3"]);
  assert.deepEqual(texts("a, b,,c "), ["a", "b", "c"]);
  assert.deepEqual(texts("a;b", ";"), ["a", "b"]);
  assert.deepEqual(texts("Doe, John", null), ["Doe, John"]);
  assert.deepEqual(texts(["a,b"]), ["a,b"]);
  assert.deepEqual(texts(7), ["7"]);
  for (const value of [undefined, null, "", " , ", {}, []]) assert.deepEqual(texts(value), []);
});

test("a number is a finite one, also in a string", () => {
  for (const [value, expected] of [
    [0, 0],
    ["0", 0],
    [" 42 ", 42],
    ["-1.5", -1.5],
    ["+5", 5],
    ["1e3", 1000],
  ] as const) {
    assert.equal(number(value), expected, String(value));
  }
  for (const value of [...nothing, "high", "4 high", "1,5", "0x10", "0b1", "0o7", "Infinity", "NaN", "٤"]) {
    assert.equal(number(value), undefined, inspect(value));
  }
});

test("a number too long for a double is read as near as it gets", () => {
  const { id } = record(parseJson(Buffer.from('{"id":1719309930613520072}')));
  assert.equal(text(id), "1719309930613520072");
  assert.equal(number(id), 1719309930613520100);
});

test("a record is an object, and anything else an empty one", () => {
  const given = { a: 1 };
  assert.equal(record(given), given);
  for (const value of [undefined, null, "text", 7, [given]]) assert.deepEqual(record(value), {});
});

test("records are the objects of a list", () => {
  assert.deepEqual(records([{ a: 1 }, null, "text", [{ b: 2 }], { c: 3 }]), [{ a: 1 }, { c: 3 }]);
  for (const value of [undefined, null, { a: 1 }, "text"]) assert.deepEqual(records(value), []);
});

test("names become snake_case, and titles for people, in any script", () => {
  const cases = [
    ["PhishingEmail", "phishing_email", "Phishing email"],
    ["Initial Access", "initial_access", "Initial access"],
    ["INITIAL-ACCESS", "initial_access", "Initial access"],
    ["UNUSUAL_ACTIVITY", "unusual_activity", "Unusual activity"],
    ["EppDetectionSummaryEvent", "epp_detection_summary_event", "Epp detection summary event"],
    ["  --spaced out--  ", "spaced_out", "Spaced out"],
    ["T1566Phish", "t1566_phish", "T1566 phish"],
    ["Événement suspect", "événement_suspect", "Événement suspect"],
    ["ПодозрительныйВход", "подозрительный_вход", "Подозрительный вход"],
    ["不審な ログイン", "不審な_ログイン", "不審な ログイン"],
  ] as const;
  for (const [given, snake, title] of cases) {
    assert.equal(snakeCase(given), snake);
    assert.equal(humanise(given), title);
  }
});

test("what has no letter or digit has no title", () => {
  assert.equal(snakeCase("-- !? --"), "");
  for (const value of [...nothing, "--"]) assert.equal(humanise(value), undefined, inspect(value));
});

describe("a link", () => {
  test("is http or https", () => {
    for (const url of ["https://falcon.example.com/a?b=c#d", "http://splunk:8000/app", "HTTPS://EXAMPLE.COM"]) {
      assert.equal(link(` ${url} `), url);
    }
  });

  test("is nothing that runs, reads a file or breaks a line", () => {
    for (const url of [
      "javascript:alert(1)",
      " JavaScript:alert(1)",
      "data:text/html,<script>",
      "file:///etc/passwd",
      "ftp://example.com",
      "//example.com",
      "/relative",
      "example.com",
      "https://",
      "https://exa mple.com",
      "java\nscript:https://example.com",
      "https://example.com/\nSet-Cookie: a=b",
      "https://example.com/\u0000",
      "https://exa\tmple.com",
    ]) {
      assert.equal(link(url), undefined, JSON.stringify(url));
    }
    for (const value of nothing) assert.equal(link(value), undefined);
  });
});

test("a severity is read from the words of many vendors, in any case", () => {
  const words = {
    critical: ["critical", "CRITICAL", "Fatal", "emergency", "severe"],
    high: ["high", " High ", "major", "error"],
    medium: ["medium", "Moderate", "warning", "WARN"],
    low: ["low", "minor", "notice"],
    info: ["info", "Informational", "information", "DEBUG"],
  } as const;
  for (const severity of severities) {
    for (const word of words[severity]) assert.equal(severityOf(word), severity, word);
  }
  for (const word of [...nothing, "unknown", "4", 4, "constructor", "__proto__"]) {
    assert.equal(severityOf(word), undefined, inspect(word));
  }
});

test("entities are made of every value that is text", () => {
  assert.deepEqual(entities("host", "target", " a ", ["b", null, 7], undefined, ""), [
    { type: "host", role: "target", value: "a" },
    { type: "host", role: "target", value: "b" },
    { type: "host", role: "target", value: "7" },
  ]);
  assert.deepEqual(entities("ip", "actor"), []);
});

test("an entity that says the same again is left out, and one in another role is not", () => {
  const target = { type: "ip", role: "target", value: "192.0.2.1" } as const;
  const actor = { ...target, role: "actor" } as const;
  assert.deepEqual(distinct([target, actor, { ...target }, { ...target, value: "192.0.2.2" }]), [
    target,
    actor,
    { ...target, value: "192.0.2.2" },
  ]);
});

test("an empty list and an undefined field are absent", () => {
  assert.equal(some([]), undefined);
  assert.deepEqual(some(["a"]), ["a"]);
  const alert = defined({ type: "a", title: undefined, count: 0, url: null, tags: some([]), empty: "" });
  assert.deepEqual(alert, { type: "a", count: 0, url: null, empty: "" });
  assert.equal("title" in alert, false);
});
