import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { eventually } from "../support/eventually.ts";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { assertRefused } from "../support/refused.ts";
import { signedHeaders } from "../support/signed.ts";
import { chunk, contentLength, dial, exchange, requestBytes, type Wire } from "../support/wire.ts";

const body = '{"event_type":"test","data":{}}';
const path = "/api/webhooks/edr";
const chunked = ["Transfer-Encoding", "chunked"] as const;

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway({ TW_RECEIVE_TIMEOUT_MS: "500" });
  await gateway.api("POST", "/api/webhooks", { source: "edr", secret: testSecret });
});
after(() => gateway[Symbol.asyncDispose]());

async function assertAlive(): Promise<void> {
  const { status } = await exchange(gateway.url, requestBytes({ path, headers: signedHeaders(body), body }));
  assert.equal(status, 202);
}

describe("a slow sender is refused with request_timeout", { concurrency: true }, () => {
  const tooSlow = { status: 408, code: "request_timeout" } as const;

  test("when its body is shorter than its length", async () => {
    const headers = [...signedHeaders(body), contentLength(body.length + 1)];
    const answer = await exchange(gateway.url, requestBytes({ path, headers, body }));
    assertRefused(answer, { status: 408, code: "request_timeout", message: "The request did not arrive within 0.5 s" });
    assert.equal(answer.headers.get("connection"), "close");
  });

  test("when its body drips", async () => {
    using wire = await dial(gateway.url);
    wire.send(requestBytes({ path, headers: [...signedHeaders(body), contentLength(body.length)] }));
    const dripping = setInterval(() => wire.send("{"), 50);
    try {
      assertRefused(await wire.answer(), tooSlow);
    } finally {
      clearInterval(dripping);
    }
  });

  test("when its chunks never end", async () => {
    const request = requestBytes({ path, headers: [...signedHeaders(body), chunked], body: chunk(body) });
    assertRefused(await exchange(gateway.url, request), tooSlow);
  });

  test("when its headers never end", async () => {
    assertRefused(await exchange(gateway.url, `POST ${path} HTTP/1.1\r\nHost: gateway\r\nX-Y: z\r\n`), tooSlow);
  });

  test("when it manages a source", async () => {
    const headers = [
      ["Authorization", `Bearer ${gateway.token}`],
      ["Content-Type", "application/json"],
      contentLength(100),
    ] as const;
    assertRefused(await exchange(gateway.url, requestBytes({ path: "/api/webhooks", headers, body: "{" })), tooSlow);
  });
});

describe("a client that goes away in the middle", () => {
  for (const [what, leave] of Object.entries({
    "of its body": (wire: Wire) => wire.socket.destroy(),
    "of its body by a reset": (wire: Wire) => wire.socket.resetAndDestroy(),
    "of its body by closing its half": (wire: Wire) => wire.socket.end(),
  })) {
    test(`${what} leaves the gateway as it was`, async () => {
      using wire = await dial(gateway.url);
      wire.send(requestBytes({ path, headers: [...signedHeaders(body), contentLength(body.length)], body: "{" }));
      // The gateway has begun with it when it is answered on another connection that was opened later.
      await assertAlive();
      leave(wire);
      await assertAlive();
    });
  }

  test("of waiting for its answer has its delivery taken all the same", async () => {
    const event = JSON.stringify({ event_type: "left_early", data: {} });
    const headers = signedHeaders(event);
    using wire = await dial(gateway.url);
    wire.send(requestBytes({ path, headers, body: event }));
    wire.socket.end();
    await once(wire.socket, "finish");
    wire.socket.destroy();
    await eventually(async () => {
      const { body } = await gateway.api("GET", "/api/incidents?type=left_early");
      return body.data.length === 1 ? true : undefined;
    });
  });
});
