import assert from "node:assert/strict";
import { test } from "node:test";
import { anyOf, slack, staticToken, twilio } from "@thruway/sdk";
import * as fc from "fast-check";
import { parse } from "../../../core/ingest/parse.ts";

const form = "application/x-www-form-urlencoded";
const phone = twilio({ publicUrl: "https://gateway.example/api/webhooks/phone" });

function read(body: string, scheme = phone, type = `${form}; charset=utf-8`): unknown {
  return parse(Buffer.from(body), { "content-type": [type] }, scheme);
}

test("a form becomes an object of its fields, and a field that is repeated a list", () => {
  assert.deepEqual(read("Body=help+me%21&From=%2B15550100&Media=a&Media=b&Empty="), {
    Body: "help me!",
    From: "+15550100",
    Media: ["a", "b"],
    Empty: "",
  });
  assert.deepEqual(read(""), {});
});

test("any fields survive", () => {
  const name = fc.string().filter((each) => each !== "__proto__");
  fc.assert(
    fc.property(fc.dictionary(name, fc.string({ unit: "grapheme" })), (fields) => {
      const sent = new URLSearchParams(Object.entries(fields)).toString();
      assert.deepEqual(read(sent), { ...fields });
    }),
  );
});

test("a form is bounded, and leads to no prototype", () => {
  assert.throws(() => read("__proto__=x"), /invalid_json|__proto__/);
  assert.throws(() => read(Array.from({ length: 1_001 }, (_, index) => `f${index}=1`).join("&")), /JSON/);
});

test("an interaction of Slack's is what stands in its payload; a command is its fields", () => {
  const event = { type: "block_actions", user: { id: "U1" } };
  assert.deepEqual(read(new URLSearchParams({ payload: JSON.stringify(event) }).toString(), slack()), event);
  assert.deepEqual(read("command=%2Fincident&text=open", slack()), { command: "/incident", text: "open" });
  assert.throws(() => read("payload=%7B", slack()), /JSON/);
});

test("JSON stays what it is, and a form is none for a sender that sends no forms", () => {
  assert.deepEqual(read('{"a":1}', slack(), "application/json"), { a: 1 });
  const either = anyOf(slack(), staticToken({ header: "x-token" }));
  assert.deepEqual(read("a=1", either), { a: "1" });
  assert.throws(() => read("a=1", staticToken({ header: "x-token" })), /not supported/);
});
