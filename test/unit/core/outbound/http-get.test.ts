import assert from "node:assert/strict";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { httpGet } from "../../../../core/outbound/http-get.ts";

const get = httpGet({ timeoutMs: 300, maxBytes: 1_000 });

/** What a GET gets from a server that answers so, or why it does not. */
async function got(answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    return await get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`);
  } catch (error) {
    assert.ok(error instanceof Error);
    return `no: ${error.message}`;
  } finally {
    server.closeAllConnections();
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }
}

test("a text that is there is got", async () => {
  assert.equal(await got((_, response) => response.end('{"keys":[]} ü')), '{"keys":[]} ü');
});

test("every other answer is none", async () => {
  for (const status of [201, 204, 304, 404, 500]) {
    assert.equal(await got((_, response) => response.writeHead(status).end()), `no: it answered ${status}`);
  }
});

test("nobody is followed elsewhere", async () => {
  const answer = await got((_, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end());
  assert.match(answer, /^no: .*redirect/);
});

test("more than there can be is not read to its end", async () => {
  let sent = 0;
  const answer = await got((_, response) => {
    const more = setInterval(() => {
      sent += 500;
      response.write("x".repeat(500));
    }, 1);
    response.on("close", () => clearInterval(more));
  });
  assert.equal(answer, "no: it answered more than 1000 bytes");
  assert.ok(sent < 100_000);
});

test("an answer that does not come, or does not end, is not waited for", async () => {
  const silent = await got(() => undefined);
  const endless = await got((_, response) => {
    response.write("x");
  });
  assert.match(silent, /^no: .*timeout/i);
  assert.match(endless, /^no: .*timeout/i);
});

test("nobody there is a reason that names the cause", async () => {
  await assert.rejects(
    get("http://127.0.0.1:1/"),
    (error) => error instanceof Error && /ECONNREFUSED|bad port/.test(error.message),
  );
});
