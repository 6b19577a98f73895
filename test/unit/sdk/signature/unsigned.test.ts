import assert from "node:assert/strict";
import { test } from "node:test";
import { PluginError, unsigned } from "@thruway/sdk";
import { aDelivery, refusal } from "../a-delivery.ts";

const scheme = unsigned("the appliance has no field for a secret");

test("a source that does not opt in refuses, whatever secrets it has", () => {
  const delivery = aDelivery();
  for (const secrets of [[], ["test-secret-a"]]) {
    assert.equal(refusal(scheme.verify(delivery, { secrets, allowUnsigned: false })), "invalid_signature");
  }
});

test("a source that opts in takes anything, and says that nothing was proved", () => {
  const result = scheme.verify(aDelivery({ body: "any" }), { secrets: [], allowUnsigned: true });
  assert.deepEqual(result, { verified: true, scheme: "unsigned", signed: Buffer.from("any"), toleranceSeconds: 300 });
  assert.deepEqual([scheme.acceptsUnsigned, scheme.needsSecret, scheme.provesBody], [true, false, false]);
});

test("the reason stands in the summary, and without one it is a mistake of the plugin's", () => {
  assert.match(scheme.summary, /the appliance has no field for a secret.*options\.allow_unsigned/);
  for (const reason of ["", "  "]) assert.throws(() => unsigned(reason), PluginError);
});

test("it adds nothing to a request", () => {
  const draft = { url: "/api/webhooks/siem", body: Buffer.from("{}") };
  assert.deepEqual(scheme.sign(draft, undefined, new Date()), { url: draft.url, headers: {} });
});
