import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Alert, type Ignored, PayloadError, parseJson } from "@thruway/sdk";
import { RealmTimeout } from "@thruway/sdk/expression";
import { check } from "../../core/validate.ts";
import generic from "../../plugins/generic/index.ts";

const receivedAt = new Date("2026-01-15T10:00:00.000Z");

/** What a source with this map makes of a payload. The map is one that a registration takes. */
function mapped(map: object, payload: unknown): readonly Alert[] | Ignored {
  const options = { map };
  assert.deepEqual(problems(map), []);
  const result = generic.map(payload, { source: "scanner", options, receivedAt });
  return "ignored" in result ? result : ([result].flat() as readonly Alert[]);
}

function alertOf(map: object, payload: unknown): Alert {
  const result = mapped(map, payload);
  assert.ok(Array.isArray(result) && result.length === 1, JSON.stringify(result));
  return result[0] as Alert;
}

/** The title, which says what a source finds. */
function found(source: unknown, payload: unknown): string | undefined {
  const { title } = alertOf({ type: { value: "nothing" }, title: source }, payload);
  return title === "Nothing" ? undefined : title;
}

/** `path: message` for each problem that a registration tells. */
function problems(map: unknown): readonly string[] {
  const checked = check(generic.options, { map });
  return "details" in checked ? checked.details.map(({ path, message }) => `${path}: ${message}`) : [];
}

describe("a path", () => {
  const payload = {
    rule: { id: 5763, level: 10, empty: "", nothing: null, names: ["", "b", "c"], deep: [{ a: [{ b: 1 }, { b: 2 }] }] },
    "tag::eventtype": "auth",
    "a.b": { "c]d": "dotted" },
    list: [{ id: "first" }, { other: 1 }, { id: "last" }],
    constructor: "their own",
  };
  const paths: readonly (readonly [path: string, value: string | undefined])[] = [
    ["rule.id", "5763"],
    ["tag::eventtype", "auth"],
    ['["a.b"]["c]d"]', "dotted"],
    ["['a.b']['c]d']", "dotted"],
    ['$["a.b"]["c]d"]', "dotted"],
    ["$.rule.level", "10"],
    ["list[0].id", "first"],
    ["list[-1].id", "last"],
    ["list.id", "first"],
    ["list[1].id", undefined],
    ["list[9].id", undefined],
    ["rule.names", "b"],
    ["rule.names[0]", undefined],
    ["rule[0].id", "5763"],
    ["rule.deep.a.b", "1"],
    ["rule.empty", undefined],
    ["rule.nothing", undefined],
    ["rule", undefined],
    ["rule.id.more", undefined],
    ["constructor", "their own"],
    ["rule.constructor", undefined],
    ["rule.constructor.name", undefined],
    ["rule.names.length", undefined],
    ["rule.__proto__", undefined],
    ["__proto__.toString", undefined],
    ["rule.toString", undefined],
  ];
  for (const [path, value] of paths) {
    test(`${path} finds ${value ?? "nothing"}`, () => assert.equal(found(path, payload), value));
  }

  test("finds all of a list for fields that take several", () => {
    assert.deepEqual(alertOf({ tags: "list.id" }, payload).tags, ["first", "last"]);
    assert.deepEqual(alertOf({ tags: "rule.deep.a.b" }, payload).tags, ["1", "2"]);
  });
});

describe("a source of a value", () => {
  const payload = parseJson(
    Buffer.from('{"id":9007199254740993,"n":3,"on":true,"level":"HIGH ","who":[" ","j.doe","a.smith"],"o":{}}'),
  );

  test("is the first of a list that finds something", () => {
    assert.equal(found(["missing", "o", "who", "n"], payload), "j.doe");
    assert.equal(found([{ path: "missing" }, { jsonata: "missing" }, { value: "constant" }], payload), "constant");
    assert.equal(found(["missing"], payload), undefined);
  });

  test("is a constant", () => assert.equal(found({ value: 5 }, payload), "5"));

  test("has a table for what it finds, whatever its case, and something for the rest", () => {
    const source = { path: ["missing", "level"], lookup: { High: "urgent", "3": "three" }, default: "ordinary" };
    assert.equal(found(source, payload), "urgent");
    assert.equal(found({ ...source, path: "n" }, payload), "three");
    assert.equal(found({ ...source, path: "on" }, payload), "ordinary");
    assert.equal(found({ ...source, path: "missing" }, payload), "ordinary");
    assert.equal(found({ path: "on", lookup: { true: "yes" } }, payload), "yes");
    assert.equal(found({ path: "n", lookup: { 4: "four" } }, payload), undefined);
  });

  test("is an expression, which sees integers beyond 2^53 as they were written", () => {
    assert.equal(found({ jsonata: '$uppercase(who[1]) & "/" & id' }, payload), "J.DOE/9007199254740993");
    assert.equal(found({ jsonata: "level", lookup: { high: "urgent" } }, payload), "urgent");
  });

  test("that fails finds nothing, and the alert is made", () => {
    assert.equal(found({ jsonata: "$lowercase(n)" }, payload), undefined);
    assert.equal(found([{ jsonata: "$sum(who)" }, "level"], payload), "HIGH");
    assert.equal(found({ jsonata: "$lowercase(n)", default: "none" }, payload), "none");
  });
});

describe("a field of the alert", () => {
  const payload = {
    kind: "PortScan",
    level: "Sev-2",
    grave: "WARNING",
    at: "1768381964.5",
    odd: "yesterday",
    link: "javascript:alert(1)",
    good: "https://scanner.example.com/1",
    tags: ["dmz", "test", ""],
    long: "one\n two",
  };

  test("type is in snake_case, and alert where nothing says more", () => {
    assert.equal(alertOf({ type: "kind" }, payload).type, "port_scan");
    assert.equal(alertOf({ type: ["odd sign", "kind"] }, { ...payload, "odd sign": "!?" }).type, "port_scan");
    assert.equal(alertOf({ type: "missing" }, payload).type, "alert");
    assert.equal(alertOf({}, payload).type, "alert");
  });

  test("title is one line, and the type in words where nothing says more", () => {
    assert.equal(alertOf({ title: "long" }, payload).title, "one two");
    assert.equal(alertOf({ type: "kind" }, payload).title, "Port scan");
    assert.equal(alertOf({}, payload).title, "Alert");
  });

  test("description is absent where it only repeats the title", () => {
    assert.equal(alertOf({ title: "kind", description: "kind" }, payload).description, undefined);
    assert.equal(alertOf({ title: "kind", description: "long" }, payload).description, "one\n two");
  });

  test("severity is what the table says, else a common word, else its default, and never refused", () => {
    const severity = (source: unknown): readonly unknown[] => {
      const alert = alertOf({ severity: source }, payload);
      return [alert.severity, alert.vendor_severity];
    };
    assert.deepEqual(severity({ path: "level", lookup: { "sev-2": "high" } }), ["high", "Sev-2"]);
    assert.deepEqual(severity({ path: "grave", lookup: { "sev-2": "high" } }), ["medium", "WARNING"]);
    assert.deepEqual(severity("level"), [undefined, "Sev-2"]);
    assert.deepEqual(severity({ path: "level", default: "low" }), ["low", "Sev-2"]);
    assert.deepEqual(severity(["level", "grave"]), ["medium", "WARNING"]);
    assert.deepEqual(severity({ path: "missing", default: "low" }), ["low", undefined]);
    assert.deepEqual(severity({ value: "critical" }), ["critical", undefined]);
  });

  test("vendor_severity may stand elsewhere", () => {
    const { severity, vendor_severity } = alertOf({ severity: "grave", vendor_severity: "level" }, payload);
    assert.deepEqual([severity, vendor_severity], ["medium", "Sev-2"]);
  });

  test("occurred_at and url are the first that are a time and a link", () => {
    const all = ["2026-01-14T09:12:44.500Z", "https://scanner.example.com/1"];
    const paths = alertOf({ occurred_at: ["odd", "at"], url: ["link", "good"] }, payload);
    assert.deepEqual([paths.occurred_at, paths.url], all);
    const lists = alertOf({ occurred_at: { jsonata: "[odd, at]" }, url: { jsonata: "[link, good]" } }, payload);
    assert.deepEqual([lists.occurred_at, lists.url], all);
    const constants = alertOf({ occurred_at: { value: "soon" }, url: { path: "odd", default: "nowhere" } }, payload);
    assert.deepEqual([constants.occurred_at, constants.url], [undefined, undefined]);
  });

  test("status and verdict are what the table says, else a common word, and nothing else", () => {
    const decided = { state: "InProgress", verdict: "FALSE_POSITIVE", odd: "limbo" };
    const read = (status: unknown, verdict: unknown): readonly unknown[] => {
      const alert = alertOf({ status, verdict }, decided);
      return [alert.status, alert.verdict];
    };
    assert.deepEqual(read("state", "verdict"), ["in_progress", "false_positive"]);
    assert.deepEqual(read("odd", "odd"), [undefined, undefined]);
    assert.deepEqual(read({ path: "odd", lookup: { limbo: "closed" } }, { path: "odd", default: "inconclusive" }), [
      "closed",
      "inconclusive",
    ]);
  });

  test("first_seen_at and as_of are times", () => {
    const alert = alertOf({ first_seen_at: "at", as_of: ["odd", "at"] }, payload);
    assert.deepEqual([alert.first_seen_at, alert.as_of], ["2026-01-14T09:12:44.500Z", "2026-01-14T09:12:44.500Z"]);
  });

  test("fallback tells a type and a title that nobody said", () => {
    assert.deepEqual(alertOf({}, payload).fallback, ["type", "title"]);
    assert.deepEqual(alertOf({ type: "kind", title: "missing" }, payload).fallback, ["title"]);
    assert.equal(alertOf({ type: { value: "scan" }, title: "kind" }, payload).fallback, undefined);
  });

  test("tags are never test, which lists leave out", () => {
    assert.deepEqual(alertOf({ tags: "tags" }, payload).tags, ["dmz"]);
  });

  test("entities are as many as there are values, each once, without what stands for none", () => {
    const hosts = {
      a: ["h1", "h1", "N/A", "-", "<NA>", "unknown", ""],
      ips: "192.0.2.1, 192.0.2.2",
      names: "Doe, Jane",
    };
    const { entities } = alertOf(
      {
        entities: [
          { type: "host", role: "target", value: "a" },
          { type: "ip", value: "ips" },
          { type: "user", value: "names" },
          { type: "url", value: "missing" },
        ],
      },
      hosts,
    );
    assert.deepEqual(entities, [
      { type: "host", role: "target", value: "h1" },
      { type: "ip", role: "related", value: "192.0.2.1" },
      { type: "ip", role: "related", value: "192.0.2.2" },
      { type: "user", role: "related", value: "Doe, Jane" },
    ]);
  });

  test("mitre takes ids, names and both in one text, together or side by side", () => {
    const attack = { all: ["T1059.001", "T1566 - Phishing", "TA0002: Execution", "Brute Force"], id: ["T1", "T1110"] };
    assert.deepEqual(alertOf({ mitre: "all" }, attack).mitre, [
      { id: "T1059.001" },
      { id: "T1566", technique: "Phishing" },
      { id: "TA0002", tactic: "Execution" },
      { technique: "Brute Force" },
    ]);
    const parts = { id: "id", technique: "names", tactic: "tactics" };
    assert.deepEqual(alertOf({ mitre: parts }, { id: "T1110", names: "Brute Force", tactics: "Impact" }).mitre, [
      { id: "T1110", technique: "Brute Force" },
      { tactic: "Impact" },
    ]);
    assert.deepEqual(alertOf({ mitre: parts }, { id: ["T1110", "T1003"], names: ["Brute Force"] }).mitre, [
      { id: "T1110" },
      { id: "T1003" },
      { technique: "Brute Force" },
    ]);
  });
});

describe("a list of alerts", () => {
  const map = { each: "findings", title: "name", external_id: "id", tags: "$.site" };

  test("gives one for each entry that is an object, with the payload at hand", () => {
    const payload = { site: "north", findings: [{ name: "a", id: 1 }, "no object", null, { name: "b", id: 2 }] };
    const common = { type: "alert", tags: ["north"], fallback: ["type"] };
    assert.deepEqual(mapped(map, payload), [
      { ...common, title: "a", external_id: "1" },
      { ...common, title: "b", external_id: "2" },
    ]);
    const expression = { each: { jsonata: "findings[name]" }, title: { jsonata: '$payload.site & ":" & name' } };
    assert.deepEqual(
      [mapped(expression, payload)].flat().map((alert) => "title" in alert && alert.title),
      ["north:a", "north:b"],
    );
  });

  test("may be the payload itself, or one object; where there is none, the payload is the alert", () => {
    assert.equal(alertOf({ each: "$", title: "name" }, [{ name: "a" }]).title, "a");
    assert.equal(alertOf(map, { findings: { name: "a" } }).title, "a");
    assert.equal(alertOf(map, { name: "a" }).title, "a");
    assert.equal(alertOf(map, { findings: null, name: "a" }).title, "a");
    assert.deepEqual(mapped(map, { findings: [] }), []);
  });

  test("is never a prototype", () => {
    for (const each of ["__proto__", "$.__proto__", "list.__proto__", '["__proto__"]["__proto__"]']) {
      assert.equal(alertOf({ each, title: "name" }, { name: "a", list: [{}] }).title, "a", each);
    }
  });

  test("has an end", () => {
    const payload = { findings: Array.from({ length: 501 }, () => ({ name: "a" })) };
    assert.throws(() => mapped(map, payload), {
      name: PayloadError.name,
      path: "findings",
      message: "holds 501 alerts; one delivery may hold 500",
    });
  });
});

describe("what is ignored", () => {
  const map = {
    ignore_when: [
      { path: "state", is: ["Suppressed", 5], reason: "suppressed by the sender" },
      { path: ["kind", "type"], is_not: ["alert", "finding"] },
      { jsonata: "$exists(trial)" },
      { path: "drill" },
    ],
  };
  const good = { kind: "alert" };

  test("is told by a value, in any case, and with the reason", () => {
    assert.deepEqual(mapped(map, { ...good, state: "SUPPRESSED" }), { ignored: "suppressed by the sender" });
    assert.deepEqual(mapped(map, { ...good, state: 5 }), { ignored: "suppressed by the sender" });
    assert.deepEqual(mapped(map, { type: "Heartbeat" }), { ignored: "kind is Heartbeat" });
    assert.deepEqual(mapped(map, {}), { ignored: "kind is not there" });
    assert.deepEqual(mapped(map, { ...good, drill: true }), { ignored: "drill is true" });
    assert.deepEqual(mapped(map, { ...good, trial: 0 }), { ignored: "what it says is true" });
    for (const payload of [good, { type: "FINDING" }, { ...good, drill: false }, { ...good, drill: "" }]) {
      assert.ok(Array.isArray(mapped(map, payload)));
    }
  });

  test("is single entries of a list, and the delivery where none is left", () => {
    const each = { each: "list", title: "name", ignore_when: { path: "off" } };
    const list = [{ name: "a", off: true }, { name: "b" }];
    assert.deepEqual([mapped(each, { list })].flat().length, 1);
    assert.deepEqual(mapped(each, { list: list.slice(0, 1) }), { ignored: "off is true" });
  });
});

describe("the id of an event", () => {
  const id = (source: unknown, payload: unknown): string | undefined => {
    assert.deepEqual(problems({ event_id: source }), []);
    return generic.eventId(payload, { map: { event_id: source } });
  };

  test("is what the map says, and none where it finds none", () => {
    assert.equal(id("event.id", { event: { id: 7 } }), "7");
    assert.equal(id({ jsonata: 'a & "/" & b' }, { a: 1, b: 2 }), "1/2");
    assert.equal(id("event.id", { event: { id: "" } }), undefined);
    assert.equal(generic.eventId({ event_id: "4625" }, { map: {} }), undefined);
    assert.equal(generic.eventId({ event_type: "a", event_id: "4625" }, {}), undefined);
  });

  test("cannot be the time of receipt", () => {
    assert.match(
      problems({ event_id: { jsonata: "id & $now()" } })[0] ?? "",
      /^map\.event_id: names the time of receipt/,
    );
  });
});

describe("what an expression refuses", () => {
  test("is refused by the field of the map", () => {
    const refusals: readonly (readonly [map: object, path: string, message: string])[] = [
      [{ title: { jsonata: "$error('no title')" } }, "options.map.title", "refuses the payload: no title"],
      [{ severity: { jsonata: "$assert(false, 'odd')" } }, "options.map.severity", "refuses the payload: odd"],
      [
        { entities: [{ type: "host", value: { jsonata: "$error('e')" } }] },
        "options.map.entities",
        "refuses the payload: e",
      ],
      [{ mitre: { jsonata: "$error('m')" } }, "options.map.mitre", "refuses the payload: m"],
      [{ each: { jsonata: "$error('l')" } }, "options.map.each", "refuses the payload: l"],
      [{ ignore_when: { jsonata: "$error('i')" } }, "options.map.ignore_when", "refuses the payload: i"],
      [
        { title: { jsonata: "[1..20000]" } },
        "options.map.title",
        "refuses the payload: The maximum sequence length of 20000 was exceeded.",
      ],
    ];
    for (const [map, path, message] of refusals) {
      assert.throws(() => mapped(map, {}), { name: PayloadError.name, path, message });
    }
    assert.throws(() => generic.eventId({}, { map: { event_id: { jsonata: "$error('d')" } } }), {
      name: PayloadError.name,
      path: "options.map.event_id",
    });
  });

  test("but not what takes too long, which another try may well finish", () => {
    const endless = { jsonata: "($f := function($x) { $f($x + 1) }; $f(1))" };
    assert.throws(() => mapped({ title: endless }, {}), { name: RealmTimeout.name });
  });
});

describe("a map that is wrong is told by its field, when the source is registered", () => {
  const wrong: readonly (readonly [map: object, problem: string | RegExp])[] = [
    [{ titel: "a" }, "map.titel: is not allowed"],
    [
      { title: 5 },
      'map.title: must be a path like "rule.level", a list of them, or an object with path, jsonata or value',
    ],
    [{ title: "" }, "map.title: is an empty path"],
    [{ title: "a..b" }, 'map.title: is no path: "a..b" makes no sense from character 2 on'],
    [{ title: ".a" }, 'map.title: is no path: ".a" makes no sense from character 1 on'],
    [{ title: "a." }, 'map.title: is no path: "a." makes no sense from character 2 on'],
    [{ title: "a.[0]" }, 'map.title: is no path: "a.[0]" makes no sense from character 2 on'],
    [{ title: "a[b]" }, 'map.title: is no path: "a[b]" makes no sense from character 2 on'],
    [{ title: "a[0" }, 'map.title: is no path: "a[0" makes no sense from character 2 on'],
    [{ title: "a[0]b" }, 'map.title: is no path: "a[0]b" makes no sense from character 5 on'],
    [{ title: '["\\x"]' }, 'map.title: is no path: "\\x" in "["\\x"]" is not quoted as in JSON'],
    [{ title: "a".repeat(501) }, "map.title: is a path of more than 500 characters"],
    [{ title: "a.".repeat(33).slice(0, -1) }, "map.title: is a path of more than 32 steps"],
    [{ title: [] }, "map.title: must be a list of 1 to 10 sources, of which the first that finds something counts"],
    [{ title: ["a", ["b"]] }, "map.title: [1] is a list in a list"],
    [{ title: ["a", "b["] }, 'map.title: [1] is no path: "b[" makes no sense from character 2 on'],
    [{ title: {} }, "map.title: must have one of path, jsonata and value, and only one"],
    [{ title: { path: "a", value: "b" } }, "map.title: must have one of path, jsonata and value, and only one"],
    [{ title: { paths: "a" } }, 'map.title: has "paths", which is not one of path, jsonata, value, lookup and default'],
    [{ title: { path: 5 } }, 'map.title: has a "path" that is not a text or a list of texts'],
    [
      { title: { value: "" } },
      'map.title: has a "value" that is not a text, a number or a boolean of 1 to 1000 characters',
    ],
    [{ title: { value: "a", default: "b" } }, 'map.title: has a "value" and leaves nothing to "lookup" or "default"'],
    [{ title: { path: "a", lookup: [] } }, 'map.title: has a "lookup" that is not an object from their words to ours'],
    [
      { title: { path: "a", lookup: { b: {} } } },
      'map.title: has a "lookup.b" that is not a text, a number or a boolean of 1 to 1000 characters',
    ],
    [
      { severity: { path: "a", lookup: { 3: "lwo" } } },
      'map.severity: has the "lookup.3" "lwo", which is not one of critical, high, medium, low, info',
    ],
    [
      { severity: { path: "a", default: "urgent" } },
      'map.severity: has the "default" "urgent", which is not one of critical, high, medium, low, info',
    ],
    [
      { status: { path: "a", lookup: { b: "done" } } },
      'map.status: has the "lookup.b" "done", which is not one of new, in_progress, resolved, closed',
    ],
    [{ verdict: { value: "bad" } }, /^map\.verdict: has the "value" "bad", which is not one of true_positive, /],
    [
      { url: { jsonata: "a.(" } },
      'map.url: has a "jsonata" that is not JSONata at character 3: Expected ")" before end of expression',
    ],
    [
      { url: [{ jsonata: "$eval(a)" }] },
      'map.url: [0] has a "jsonata" that calls $eval at character 5, which would run what a sender writes',
    ],
    [
      { url: { jsonata: "$contains(a, /b/)" } },
      'map.url: has a "jsonata" that has a regular expression at character 16; compare with a text instead',
    ],
    [{ url: { jsonata: 5 } }, 'map.url: has a "jsonata" that is not a text'],
    [{ entities: [{ type: "car", value: "a" }] }, /^map\.entities\.0\.type: must be one of \[host, user/],
    [{ entities: [{ type: "host" }] }, "map.entities.0.value: is required"],
    [{ entities: [{ type: "host", value: "a", role: "victim" }] }, /^map\.entities\.0\.role: must be one of/],
    [{ mitre: { id: "a.." } }, 'map.mitre: is no path: "a.." makes no sense from character 2 on'],
    [{ ignore_when: "a" }, 'map.ignore_when: must be an object like { path: "action", is: "resolved" }'],
    [{ ignore_when: [{ path: "a", is: "b" }, { is: "c" }] }, /^map\.ignore_when\.1: must have one of path/],
    [
      { ignore_when: { path: "a", is: 1, is_not: 2 } },
      'map.ignore_when: has "is" and "is_not"; only one of them can be meant',
    ],
    [
      { ignore_when: { path: "a", is: [] } },
      'map.ignore_when: has an "is" that is not a text, or a list of 1 to 100 of them',
    ],
  ];
  for (const [map, problem] of wrong) {
    test(JSON.stringify(map).slice(0, 70), () => {
      const [first, ...others] = problems(map);
      assert.deepEqual(others, []);
      if (typeof problem === "string") assert.equal(first, problem);
      else assert.match(first ?? "", problem);
    });
  }

  test("all at once", () => {
    assert.deepEqual(
      problems({ title: "", url: "a..", tags: 1 }).map((problem) => problem.split(":")[0]),
      ["map.title", "map.url", "map.tags"],
    );
  });
});

describe("a source with a map", () => {
  test("takes Thruway's own test event as any other does", () => {
    const event = { event_type: "test", data: {} };
    assert.deepEqual(mapped({ title: "rule", ignore_when: { path: "kind", is_not: "alert" } }, event), [
      { type: "test", title: "Test event", tags: ["test"] },
    ]);
    assert.equal(
      alertOf({ title: "data.title" }, { event_type: "test", data: { title: "not ours" } }).title,
      "not ours",
    );
  });

  test("needs no event_type, and one without a map does", () => {
    const map = (payload: unknown): unknown => generic.map(payload, { source: "a", options: {}, receivedAt });
    assert.equal(alertOf({ title: "a" }, { a: "b" }).title, "b");
    assert.throws(() => map({ a: "b" }), { name: PayloadError.name, path: "event_type", message: "is required" });
    assert.throws(() => map({ event_type: 5 }), { path: "event_type", message: "must be a string" });
    assert.throws(() => map({ event_type: " " }), { path: "event_type", message: "must be some text" });
    assert.throws(() => map([]), { path: "", message: "must be an object, not a list" });
  });
});
