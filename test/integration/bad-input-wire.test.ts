import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused, type Expected } from "../support/refused.ts";
import { signedHeaders } from "../support/signed.ts";
import { chunk, contentLength, dial, exchange, type HeaderList, requestBytes } from "../support/wire.ts";

const body = '{"event_type":"test","data":{}}';
const path = "/api/webhooks/edr";
const chunked = ["Transfer-Encoding", "chunked"] as const;

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
});
after(() => gateway[Symbol.asyncDispose]());

function good(...more: HeaderList): Buffer {
  return requestBytes({ path, headers: [...signedHeaders(body), ...more], body });
}

describe("what is no HTTP is refused with 400 and the envelope:", () => {
  const malformed: Readonly<Record<string, string | Buffer>> = {
    "a line of words": "hello there\r\n\r\n",
    "a TLS handshake": Buffer.concat([Buffer.from([0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]), Buffer.from("\r\n\r\n")]),
    "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a version that does not exist": "POST / HTTP/9.9\r\nHost: gateway\r\n\r\n",
    "a method that does not exist": requestBytes({ method: "BREW", path }),
    "a space in the path": requestBytes({ path: `${path} more` }),
    "a byte beyond ASCII in the path": requestBytes({ path: `${path}\xe9` }),
    "a header without a name": requestBytes({ path, headers: [["", "x"]] }),
    "a space in a header's name": requestBytes({ path, headers: [["X Y", "x"]] }),
    "a NUL in a header's value": requestBytes({ path, headers: [["X-Y", "a\0b"]] }),
    "a length below zero": requestBytes({ path, headers: [["Content-Length", "-1"]] }),
    "a length that is no number": requestBytes({ path, headers: [["Content-Length", "many"]] }),
    "a length in hexadecimal": requestBytes({ path, headers: [["Content-Length", "0x10"]] }),
    "a length with a plus": requestBytes({ path, headers: [["Content-Length", "+5"]], body: "hello" }),
    "two lengths": requestBytes({ path, headers: [contentLength(5), contentLength(6)], body: "hello" }),
    "a length for chunks": requestBytes({ path, headers: [contentLength(5), chunked], body: chunk("") }),
    "a transfer encoding that is not ours": requestBytes({ path, headers: [["Transfer-Encoding", "gzip"]] }),
    "a chunk without a size": requestBytes({ path, headers: [chunked], body: "zz\r\n" }),
    "a chunk longer than its size": requestBytes({ path, headers: [chunked], body: "3\r\nabcdef\r\n0\r\n\r\n" }),
    "a target that is neither a path nor an address": requestBytes({ path: "http://[nonsense/api/webhooks/edr" }),
    "HTTP/1.1 without a host": `POST ${path} HTTP/1.1\r\nContent-Length: 0\r\n\r\n`,
  };
  for (const [what, bytes] of Object.entries(malformed)) {
    test(what, async () => {
      assertRefused(await exchange(gateway.url, bytes), { status: 400, code: "invalid_request" });
    });
  }

  for (const [what, request] of Object.entries({
    "a header of 20,000 characters": requestBytes({ path, headers: [["X-Long", "a".repeat(20_000)]] }),
    "10,000 headers": requestBytes({ path, headers: Array.from({ length: 10_000 }, () => ["X-Y", "z"] as const) }),
    "a path of 20,000 characters": requestBytes({ path: `${path}${"x".repeat(20_000)}` }),
  })) {
    test(`${what}, with 431`, async () => {
      assertRefused(await exchange(gateway.url, request), { status: 431, code: "invalid_request" });
    });
  }
});

describe("a body of 2 MB is refused with payload_too_large", () => {
  const big = JSON.stringify({ event_type: "big", data: { text: "x".repeat(2_000_000) } });
  const tooLarge: Expected = { status: 413, code: "payload_too_large", message: "Body is larger than 1048576 bytes" };

  test("where its length is declared, before any of it is sent", async () => {
    const headers = [...signedHeaders(big), contentLength(big.length)];
    assertRefused(await exchange(gateway.url, requestBytes({ path, headers })), tooLarge);
  });

  test("where its length is declared, and all of it is sent at once", async () => {
    assertRefused(await gateway.send("edr", big), tooLarge);
  });

  test("where it comes in chunks", async () => {
    const headers = [...signedHeaders(big), chunked];
    const halves = [big.slice(0, 1_000_000), big.slice(1_000_000)].map(chunk);
    assertRefused(await exchange(gateway.url, requestBytes({ path, headers }), ...halves, chunk("")), tooLarge);
  });

  test("where it comes in chunks of which the first MB alone would be signed right: it is not cut", async () => {
    const first = JSON.stringify({ event_type: "x".repeat(1_048_576 - 17) });
    assert.equal(first.length, 1_048_576);
    const headers = [...signedHeaders(first), chunked];
    const answer = await exchange(gateway.url, requestBytes({ path, headers }), chunk(first), chunk(" "), chunk(""));
    assertRefused(answer, tooLarge);
    const whole = await exchange(gateway.url, requestBytes({ path, headers }), chunk(first), chunk(""));
    assert.equal(whole.status, 202, JSON.stringify(whole.body));
  });

  test("where its sender asks first, without being told to go on", async () => {
    using wire = await dial(gateway.url);
    wire.send(requestBytes({ path, headers: [["Expect", "100-continue"], contentLength(big.length)] }));
    assertRefused(await wire.next(), tooLarge);
  });

  test("and its connection goes on to serve", async () => {
    using wire = await dial(gateway.url);
    wire.send(requestBytes({ path, headers: signedHeaders(big), body: big }));
    assertRefused(await wire.answer(), tooLarge);
    wire.send(good());
    assert.equal((await wire.answer()).status, 202);
  });
});

describe("a sender that asks first whether it may send", () => {
  async function asks(to: string, headers: HeaderList, body: string): Promise<number> {
    using wire = await dial(gateway.url);
    wire.send(
      requestBytes({ path: to, headers: [...headers, ["Expect", "100-continue"], contentLength(body.length)] }),
    );
    assert.equal((await wire.next()).status, 100);
    wire.send(body);
    return (await wire.next()).status;
  }

  test("is told to go on, and its delivery is taken", async () => {
    assert.equal(await asks(path, signedHeaders(body), body), 202);
  });

  test("is told to go on by the management API too", async () => {
    const source = JSON.stringify({ source: "asked", secret: testSecret });
    const headers: HeaderList = [
      ["Authorization", `Bearer ${gateway.token}`],
      ["Content-Type", "application/json"],
    ];
    assert.equal(await asks("/api/webhooks", headers, source), 201);
  });

  test("for something that does not exist is served like any other", async () => {
    const answer = await exchange(gateway.url, good(["Expect", "magic"]));
    assert.equal(answer.status, 202, JSON.stringify(answer.body));
  });
});

describe("a length that lies:", () => {
  test("a body longer than its length is refused, since what is left is no HTTP", async () => {
    const headers = [...signedHeaders(body), contentLength(body.length - 1)];
    assertRefused(await exchange(gateway.url, requestBytes({ path, headers, body })), {
      status: 400,
      code: "invalid_request",
    });
  });

  test("a request hidden in the rest of another has to prove itself like any other", async () => {
    using wire = await dial(gateway.url);
    const hidden = requestBytes({ path, headers: [["Content-Type", "application/json"]], body });
    wire.send(
      requestBytes({
        path,
        headers: [...signedHeaders(body), contentLength(body.length)],
        body: Buffer.concat([Buffer.from(body), hidden]),
      }),
    );
    assert.equal((await wire.answer()).status, 202);
    assertRefused(await wire.answer(), {
      status: 401,
      code: "invalid_signature",
      path: "headers.x-webhook-signature",
    });
  });
});

describe("a method that a path does not have is refused with 405 and an Allow", () => {
  for (const [method, where, allowed] of [
    ["PUT", path, "POST, HEAD, GET, OPTIONS, PATCH, DELETE"],
    ["OPTIONS", path, "POST, HEAD, GET, OPTIONS, PATCH, DELETE"],
    ["DELETE", "/api/webhooks", "HEAD, GET, POST"],
    ["POST", "/api/incidents", "HEAD, GET"],
    ["DELETE", "/api/incidents/INC-2026-0001", "HEAD, GET, PATCH"],
    ["POST", "/healthz", "HEAD, GET"],
  ] as const) {
    test(`${method} ${where}`, async () => {
      const answer = await exchange(gateway.url, requestBytes({ method, path: where }));
      assertRefused(answer, { status: 405, code: "method_not_allowed" });
      const words = (list: string): readonly string[] => list.split(", ").toSorted();
      assert.deepEqual(words(answer.headers.get("allow") ?? ""), words(allowed));
    });
  }

  for (const where of ["/", "/nowhere", `${path}/more`, "//api/webhooks", "/api", "*"]) {
    test(`${where} is not found, whatever the method`, async () => {
      const answer = await exchange(
        gateway.url,
        requestBytes({ method: where === "*" ? "OPTIONS" : "GET", path: where }),
      );
      assertRefused(answer, { status: 404, code: "not_found" });
    });
  }
});
