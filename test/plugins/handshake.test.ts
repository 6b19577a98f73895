import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Reply } from "@thruway/sdk";
import { loadPlugins } from "../../core/registry/plugins.ts";
import { aDelivery } from "../unit/sdk/a-delivery.ts";

const plugins = await loadPlugins(join(import.meta.dirname, "../../plugins.json"));

function answer(name: string, query: string, headers: Readonly<Record<string, string>> = {}): Reply | undefined {
  const delivery = aDelivery({
    url: `/api/webhooks/mail${query}`,
    headers: { "Content-Type": "text/plain", ...headers },
  });
  return (plugins.get(name) ?? assert.fail(name)).handshake(delivery, {});
}

test("Graph's validation token is answered as plain text, decoded", () => {
  assert.deepEqual(answer("defender", "?validationToken=Validation%3A+Token%2B1"), {
    status: 200,
    type: "text/plain",
    body: "Validation: Token+1",
  });
});

test("what is no validation gets no answer", () => {
  for (const query of ["", "?validationToken=", "?validationtoken=a", "?validationToken=a&validationToken=b"]) {
    assert.equal(answer("defender", query), undefined, query);
  }
  assert.equal(answer("defender", "?validationToken=a", { "Content-Type": "application/json" }), undefined);
});

test("only a short text is echoed to a stranger", () => {
  assert.equal(answer("defender", `?validationToken=${"a".repeat(512)}`)?.body.length, 512);
  assert.equal(answer("defender", `?validationToken=${"a".repeat(513)}`), undefined);
});

test("no other plugin answers a challenge", () => {
  const others = plugins.all.filter(({ name }) => name !== "defender");
  assert.ok(others.length > 0);
  for (const { name } of others) assert.equal(answer(name, "?validationToken=a&challenge=b"), undefined, name);
});

test("the generic plugin answers the challenge that its source names, and those that belong to its scheme", () => {
  const generic = plugins.get("generic") ?? assert.fail();
  const kinds = (options: object): readonly string[] => {
    assert.equal(generic.options.validate(options).error, undefined, JSON.stringify(options));
    return Object.keys(generic.handshake.of(options));
  };
  assert.deepEqual(kinds({}), []);
  for (const handshake of ["okta", "graph", "office-365", "event-grid"]) {
    assert.deepEqual(kinds({ handshake }), ["before"], handshake);
  }
  for (const handshake of ["slack", "github"]) assert.deepEqual(kinds({ handshake }), ["after"], handshake);
  for (const scheme of ["slack", "github"]) assert.deepEqual(kinds({ signature: { scheme } }), ["after"], scheme);
  const topics = ["arn:aws:sns:us-west-2:123456789012:MyTopic"];
  assert.deepEqual(kinds({ signature: { scheme: "aws-sns", topics } }), ["after"]);
  const schemes = [{ scheme: "github" }, { scheme: "token", query: "token" }];
  assert.deepEqual(kinds({ handshake: "okta", signature: { scheme: "any-of", schemes } }), ["before", "after"]);
  assert.match(generic.options.validate({ handshake: "teams" }).error?.message ?? "", /"handshake" must be one of/);
});
