import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
});
after(() => gateway[Symbol.asyncDispose]());

describe("the management API", () => {
  const paths = [
    ["GET", "/api/webhooks"],
    ["POST", "/api/webhooks"],
    ["GET", "/api/webhooks/edr"],
    ["PATCH", "/api/webhooks/edr"],
    ["DELETE", "/api/webhooks/edr"],
    ["POST", "/api/webhooks/edr/test"],
    ["GET", "/api/incidents"],
    ["GET", "/api/incidents/INC-2026-0001"],
    ["GET", "/api/deliveries"],
    ["GET", "/api/deliveries/x"],
    ["GET", "/api/queue/x"],
    ["GET", "/api/plugins"],
  ] as const;
  const refused = { status: 401, code: "unauthorized" } as const;

  async function call(method: string, path: string, headers: Record<string, string>): Promise<Answered> {
    const response = await fetch(`${gateway.url}${path}`, { method, headers });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  for (const [method, path] of paths) {
    test(`wants a token for ${method} ${path}`, async () => {
      const answer = await call(method, path, {});
      assertRefused(answer, refused);
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    });
  }

  test("takes no other authorization than a known token after Bearer", async () => {
    const { token } = gateway;
    const wrong = [
      `Basic ${Buffer.from(`admin:${token}`).toString("base64")}`,
      `Token ${token}`,
      token,
      "Bearer",
      "Bearer ",
      `Bearer ${token}x`,
      `Bearer ${token.slice(0, -1)}`,
      `Bearer ${token.slice(0, -1)}${token.endsWith("a") ? "b" : "a"}`,
      `Bearer ${token.toUpperCase()}`,
      `Bearer ${token} ${token}`,
      `Bearer tw_abcdef_${"a".repeat(32)}`,
      `Bearer ${"a".repeat(8_000)}`,
      `Bearer ${testSecret}`,
    ];
    for (const authorization of wrong) assertRefused(await call("GET", "/api/webhooks", { authorization }), refused);
  });

  test("takes a token whatever the case of Bearer, and not in the address", async () => {
    const { status } = await call("GET", "/api/webhooks", { authorization: `bearer ${gateway.token}` });
    assert.equal(status, 200);
    assertRefused(await call("GET", `/api/webhooks?token=${gateway.token}`, {}), refused);
  });

  test("lists the plugins that are installed", async () => {
    const { body } = await gateway.api("GET", "/api/plugins");
    const names = body.data.map(({ name }: { readonly name: string }) => name);
    assert.deepEqual(names.toSorted(), ["crowdstrike", "defender", "generic", "splunk"]);
    for (const { title, signature } of body.data) assert.match(`${title}${signature}`, /\S/);
  });
});
