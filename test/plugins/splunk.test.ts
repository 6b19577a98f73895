import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Alert, PayloadError, parseJson } from "@thruway/sdk";
import { listed } from "@thruway/sdk/testing";
import * as fc from "fast-check";
import splunk from "../../plugins/splunk/index.ts";

const receivedAt = new Date("2026-01-15T10:00:00.000Z");

function alertOf(payload: object): Alert {
  const taken = parseJson(Buffer.from(JSON.stringify(payload)));
  assert.equal(splunk.payload.validate(taken, { convert: false }).error, undefined);
  const alerts = listed(splunk.map(taken, { source: "siem", options: {}, receivedAt }));
  assert.ok(Array.isArray(alerts) && alerts.length === 1);
  return alerts[0];
}

function row(result: object): Alert {
  return alertOf({ sid: "1768467600.1", search_name: "Search", result });
}

describe("the time of a row", () => {
  const times: readonly (readonly [string, string])[] = [
    ["1768467316", "2026-01-15T08:55:16.000Z"],
    ["1768467316.827088", "2026-01-15T08:55:16.827Z"],
    ["1768467316.000", "2026-01-15T08:55:16.000Z"],
    ["2026-01-15T14:25:16.000+05:30", "2026-01-15T08:55:16.000Z"],
    ["2026-01-15T08:55:16Z", "2026-01-15T08:55:16.000Z"],
    ["2026-01-15 08:55:16.123", "2026-01-15T08:55:16.123Z"],
  ];
  for (const [_time, expected] of times) test(_time, () => assert.equal(row({ _time }).occurred_at, expected));

  test("is the time of dispatch where there is none, in every form of a sid", () => {
    for (const sid of [
      "scheduler__admin__search__RMD5a1b2c3d4e5f60718_at_1768467316_1042",
      "scheduler_cnVz__search__Name_at_1768467316_7_00000000-0000-4000-8000-000000000001",
      "rt_scheduler__admin__search__RMD5a1b2_at_1768467316_1.17",
      "1768467316.22972",
      "rt_1768467316.2",
    ]) {
      assert.equal(alertOf({ sid, result: { _time: "yesterday" } }).occurred_at, "2026-01-15T08:55:16.000Z", sid);
    }
  });
});

describe("a row", () => {
  test("has urgency before severity, and what is no word for nothing", () => {
    const severity = (result: object): readonly unknown[] => {
      const alert = row(result);
      return [alert.severity, alert.vendor_severity];
    };
    assert.deepEqual(severity({ urgency: "critical", severity: "low" }), ["critical", "critical"]);
    assert.deepEqual(severity({ urgency: "", severity: "low" }), ["low", "low"]);
    assert.deepEqual(severity({ urgency: "unheard of", severity: "low" }), ["low", "low"]);
    assert.deepEqual(severity({ severity: "unheard of" }), [undefined, "unheard of"]);
  });

  test("is titled by its rule, else by the search, else by where it comes from", () => {
    assert.equal(row({ rule_title: "t", rule_name: "n" }).title, "t");
    assert.equal(row({ rule_title: "", rule_name: "n" }).title, "n");
    assert.equal(row({ source: "s" }).title, "Search");
    assert.equal(alertOf({ sid: "1", search_name: null, result: { source: "s" } }).title, "s");
    assert.equal(alertOf({ sid: "1", search_name: null, result: { a: "b" } }).title, "Splunk alert");
  });

  test("names its host by dest, dvc, orig_host, src, and by the search head only where nothing else does", () => {
    const host = (result: object): readonly string[] =>
      (row({ rule_title: "notable", ...result }).entities ?? []).map(({ value }) => value);
    assert.deepEqual(host({ dest: "a", dvc: "b", orig_host: "c", host: "head" }), ["a"]);
    assert.deepEqual(host({ dvc: "b", orig_host: "c", host: "head" }), ["b"]);
    assert.deepEqual(host({ orig_host: "c", host: "head" }), ["c"]);
    assert.deepEqual(host({ src: "d", host: "head" }), ["d"]);
    assert.deepEqual(host({ dest: "unknown", host: "head" }), ["head"]);
  });

  test("keeps integers beyond 2^53", () => {
    const payload = parseJson(Buffer.from('{"sid":"1","result":{"user":9007199254740993}}'));
    const [alert] = listed(splunk.map(payload, { source: "siem", options: {}, receivedAt })) as readonly Alert[];
    assert.equal(alert?.entities?.[0]?.value, "9007199254740993");
  });
});

describe("the review of a notable", () => {
  const review = (result: object): readonly unknown[] => {
    const { status, verdict, as_of } = row({ rule_title: "notable", ...result });
    return [status, verdict, as_of];
  };

  test("is its status, by number or label", () => {
    const statuses = ["0", "1", "2", "3", "4", "5", "17", ""].map((status) => review({ status })[0]);
    assert.deepEqual(statuses, [
      "new",
      "new",
      "in_progress",
      "in_progress",
      "resolved",
      "closed",
      undefined,
      undefined,
    ]);
    assert.equal(review({ status: "17", status_label: "Resolved" })[0], "resolved");
    assert.equal(review({ status: "5", status_label: "Waiting for the customer" })[0], "closed");
  });

  test("is its disposition where somebody decided, and when", () => {
    const verdicts = [1, 2, 3, 4, 5, 6].map((number) => review({ disposition: `disposition:${number}` })[1]);
    assert.deepEqual(verdicts, ["true_positive", undefined, "false_positive", "false_positive", undefined, undefined]);
    assert.equal(review({ review_time: "1768467316.5" })[2], "2026-01-15T08:55:16.500Z");
  });

  test("is none of any other row's, whose status is that of HTTP", () => {
    assert.deepEqual([row({ status: "5" }).status, row({ status: "404" }).status], [undefined, undefined]);
  });
});

describe("a message of Splunk On-Call", () => {
  const message = { message_type: "CRITICAL", entity_id: "disk/db-01" };

  test("opens, acknowledges and closes what its entity_id names", () => {
    const read = (message_type: string): readonly unknown[] => {
      const alert = alertOf({ ...message, message_type });
      return [alert.status, alert.severity, alert.external_id];
    };
    assert.deepEqual(read("CRITICAL"), ["new", "critical", "disk/db-01"]);
    assert.deepEqual(read("warning"), ["new", "medium", "disk/db-01"]);
    assert.deepEqual(read("INFO"), ["new", "info", "disk/db-01"]);
    assert.deepEqual(read("ACKNOWLEDGEMENT"), ["in_progress", undefined, "disk/db-01"]);
    assert.deepEqual(read("RECOVERY"), ["resolved", undefined, "disk/db-01"]);
    assert.deepEqual(read("DEGRADED"), ["new", undefined, "disk/db-01"]);
  });

  test("is told from the alert of a search", () => {
    assert.ok(splunk.fits(message) > splunk.fits({ message_type: "CRITICAL" }));
    assert.equal(splunk.fits({ message_type: "chat" }), 0);
    assert.equal(alertOf({ sid: "1", search_name: "S", message_type: "INFO", result: { a: "b" } }).type, "s");
    assert.throws(
      () => splunk.map({ message_type: "chat" }, { source: "siem", options: {}, receivedAt }),
      PayloadError,
    );
  });
});

describe("the id of an event", () => {
  const base = { sid: "scheduler__a_at_1768467316_1", result: { a: "1", b: ["2", "3"] } };

  test("is the search and the row, in whatever order its fields are written", () => {
    const id = splunk.eventId(base, {});
    assert.match(id ?? "", /^scheduler__a_at_1768467316_1:[0-9a-f]{32}$/);
    assert.equal(splunk.eventId({ result: { b: ["2", "3"], a: "1" }, sid: base.sid, app: "search" }, {}), id);
    assert.notEqual(splunk.eventId({ ...base, result: { a: "1", b: ["3", "2"] } }, {}), id);
    assert.notEqual(splunk.eventId({ ...base, sid: "another" }, {}), id);
  });

  test("is none without a search", () => {
    assert.equal(splunk.eventId({ result: base.result }, {}), undefined);
    assert.equal(splunk.eventId({ message_type: "CRITICAL", entity_id: "a" }, {}), undefined);
  });
});

test("a session_key is in nothing that is mapped, wherever it stands and however it is written", () => {
  const secret = "not-to-be-seen-4711";
  const names = fc.constantFrom("session_key", "SESSION_KEY", "Session_Key");
  const fields = fc.dictionary(fc.constantFrom("a", "count", "host", "user", "rule_title", "source"), fc.string());
  fc.assert(
    fc.property(names, fields, fc.boolean(), (name, others, onCall) => {
      const held = {
        [name]: secret,
        ...others,
        rule_description: `$session_key$ $${name}$`,
        rule_title: "$session_key$",
      };
      const payload = onCall
        ? { message_type: "INFO", entity_id: "a", [name]: secret, ...others }
        : { sid: "1", search_name: "S", session_key: secret, result: held, configuration: { session_key: secret } };
      assert.ok(!JSON.stringify(alertOf(payload)).includes(secret));
    }),
  );
  assert.ok(!(row({ session_key: secret, SESSION_KEY: [secret], count: "1" }).description ?? "").includes(secret));
});
