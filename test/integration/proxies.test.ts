import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { type Answered, aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";
import { signedHeaders } from "../support/signed.ts";
import { exchange, type HeaderList, requestBytes } from "../support/wire.ts";

const body = '{"event_type":"test"}';

function post(gateway: TestGateway, path: string, headers: HeaderList = []): Promise<Answered> {
  const request = { path: `/api/webhooks/${path}`, headers: [["Content-Type", "application/json"], ...headers], body };
  return exchange(gateway.url, requestBytes(request as Parameters<typeof requestBytes>[0]));
}

function register(gateway: TestGateway, source: string, signature: object, secret?: string): Promise<Answered> {
  const options = { signature };
  return gateway.api("POST", "/api/webhooks", { source, plugin: "generic", options, ...(secret && { secret }) });
}

async function addressOf(gateway: TestGateway, answer: Answered): Promise<string> {
  const id = String(answer.headers.get("x-request-id"));
  return eventually(async () => {
    const { status, body } = await gateway.api("GET", `/api/deliveries/${id}`);
    return status === 200 ? String(body.address) : undefined;
  });
}

const fromAllowed = [["X-Forwarded-For", "198.51.100.7"]] as const;
const allowed = { scheme: "allowed-addresses", allow: ["198.51.100.0/24"] };
const certificate = {
  scheme: "mutual-tls",
  header: "X-Forwarded-Client-Cert",
  fingerprints: ["468ed33be74eee6556d90c0149c1309e9ba61d6425303443c0748a02dd8de688"],
};
const withCertificate = [["X-Forwarded-Client-Cert", `Hash=${certificate.fingerprints[0]}`]] as const;

describe("where no proxy is trusted", () => {
  test("what anybody writes about addresses and certificates counts for nothing", async () => {
    await using gateway = await aGateway();
    await register(gateway, "site", allowed);
    await register(gateway, "device", certificate);
    const answer = await post(gateway, "site", fromAllowed);
    assertRefused(answer, { status: 401, code: "invalid_signature", path: "address" });
    assert.equal(await addressOf(gateway, answer), "127.0.0.1");
    assertRefused(await post(gateway, "device", withCertificate), {
      status: 401,
      code: "invalid_signature",
      path: "headers.x-forwarded-client-cert",
    });
  });
});

describe("behind a trusted proxy", () => {
  test("the sender's address and certificate are what the proxy says", async () => {
    await using gateway = await aGateway({ TW_TRUSTED_PROXIES: "127.0.0.0/8, 10.0.0.1" });
    await register(gateway, "site", allowed);
    await register(gateway, "device", certificate);
    const answer = await post(gateway, "site", fromAllowed);
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
    assert.equal(await addressOf(gateway, answer), "198.51.100.7");
    assert.equal(
      (await post(gateway, "site", [["X-Forwarded-For", "203.0.113.9, 198.51.100.7, 10.0.0.1"]])).status,
      202,
    );
    assert.equal((await post(gateway, "device", withCertificate)).status, 202);
  });

  test("what the sender itself wrote before its address counts for nothing", async () => {
    await using gateway = await aGateway({ TW_TRUSTED_PROXIES: "127.0.0.1" });
    await register(gateway, "site", allowed);
    for (const forged of ["198.51.100.7, 203.0.113.9", "198.51.100.7, unknown", ""]) {
      const answer = await post(gateway, "site", [["X-Forwarded-For", forged]]);
      assertRefused(answer, { status: 401, code: "invalid_signature", path: "address" });
    }
    assert.equal((await post(gateway, "site")).status, 401);
  });

  test("each sender has a budget of refusals of its own", async () => {
    await using gateway = await aGateway({ TW_TRUSTED_PROXIES: "127.0.0.1", TW_REFUSED_PER_MINUTE: "2" });
    await register(gateway, "edr", { scheme: "webhook" }, testSecret);
    const statuses = async (address: string): Promise<readonly number[]> => {
      const answers: Answered[] = [];
      for (let i = 0; i < 3; i++) answers.push(await post(gateway, "edr", [["X-Forwarded-For", address]]));
      return answers.map(({ status }) => status);
    };
    assert.deepEqual(await statuses("203.0.113.9"), [401, 401, 429]);
    assert.deepEqual(await statuses("203.0.113.10"), [401, 401, 429]);
    const good = requestBytes({
      path: "/api/webhooks/edr",
      headers: [...signedHeaders(body), ["X-Forwarded-For", "203.0.113.9"]],
      body,
    });
    assert.equal((await exchange(gateway.url, good)).status, 202);
  });
});

test("a signature and an address are both asked for", async () => {
  await using gateway = await aGateway({ TW_TRUSTED_PROXIES: "127.0.0.1" });
  await register(gateway, "both", { scheme: "all-of", schemes: [{ scheme: "webhook" }, allowed] }, testSecret);
  const signed = signedHeaders(body);
  assert.equal((await post(gateway, "both", [...signed.slice(1), ...fromAllowed])).status, 202);
  assertRefused(await post(gateway, "both", fromAllowed), {
    status: 401,
    code: "invalid_signature",
    path: "headers.x-webhook-signature",
  });
  assertRefused(await post(gateway, "both", signed.slice(1)), {
    status: 401,
    code: "invalid_signature",
    path: "address",
  });
});

describe("a secret at the end of the address", () => {
  test("lets in, and no other does", async () => {
    await using gateway = await aGateway();
    await register(gateway, "box", { scheme: "token", path: true }, testSecret);
    assert.equal((await post(gateway, `box/t/${testSecret}`)).status, 202);
    for (const path of ["box", "box/t/another", `box?t=${testSecret}`, `box/t/another?x=/t/${testSecret}`]) {
      const { status, body } = await post(gateway, path);
      assert.deepEqual([status, body.error.code], [401, "invalid_signature"], path);
    }
    for (const path of [`box/t/${testSecret}/more`, "box/t/", `box/${testSecret}`]) {
      assert.equal((await post(gateway, path)).status, 404, path);
    }
    assertRefused(await post(gateway, `nobody/t/${testSecret}`), { status: 404, code: "unknown_source" });
  });

  test("is passed over for a source of another kind", async () => {
    await using gateway = await aGateway();
    await register(gateway, "edr", { scheme: "webhook" }, testSecret);
    assert.equal((await post(gateway, `edr/t/${testSecret}`)).status, 401);
    assert.equal((await post(gateway, "edr/t/any", signedHeaders(body).slice(1))).status, 202);
  });
});
