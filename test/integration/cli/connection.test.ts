import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, symlink } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cli, folder, gateway } from "../../support/cli.ts";

describe("the token", () => {
  test("is found in ./data, as a gateway leaves it there", async () => {
    const home = await mkdtemp(join(folder, "home-"));
    await symlink(gateway.dataDir, join(home, "data"));
    assert.equal((await cli("webhook list", { env: { TW_API_URL: gateway.url }, cwd: home })).code, 0);
  });

  test("can be said by TW_API_KEY", async () => {
    const env = { TW_API_URL: gateway.url, TW_API_KEY: gateway.token };
    assert.equal((await cli("webhook list", { env })).code, 0);
  });

  test("that opens nothing is not repeated in the error", async () => {
    const key = "tw_abcdef_0123456789abcdefghijklmnopqrstuv";
    const { code, stdout, stderr } = await cli("webhook list", { env: { TW_API_URL: gateway.url, TW_API_KEY: key } });
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      /^error: The gateway at .* does not accept the API token from TW_API_KEY \(unauthorized\).*\n$/,
    );
    assert.ok(!stderr.includes(key));
  });
});

describe("a gateway that is not there", () => {
  test("is named, with the remedy", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const env = { TW_API_URL: `http://127.0.0.1:${port}`, TW_API_KEY: gateway.token };
    assert.deepEqual(await cli("incident list", { env }), {
      code: 1,
      stdout: "",
      stderr: `error: Cannot reach the gateway at http://127.0.0.1:${port}: nothing listens there. Is the gateway running? start it with: tw-cli serve (TW_API_URL says where it is)\n`,
    });
  });

  test("but something else is told apart", async () => {
    const server = createServer((_, response) => response.writeHead(404).end("<html>")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const env = { TW_API_URL: `http://127.0.0.1:${port}/`, TW_API_KEY: gateway.token };
    const { code, stderr } = await cli("incident list", { env });
    server.close();
    assert.equal(code, 1);
    assert.match(stderr, /^error: What answers at http:\/\/127\.0\.0\.1:\d+ \(with status 404\) is not Thruway; .*\n$/);
  });

  test("has no address that cannot be one", async () => {
    const env = { TW_API_URL: "localhost", TW_API_KEY: gateway.token };
    assert.match(
      (await cli("incident list", { env })).stderr,
      /^error: TW_API_URL: "localhost" is not an address; .*\n$/,
    );
    const secretive = { TW_API_URL: "http://u:hidden@localhost", TW_API_KEY: gateway.token };
    const { stderr } = await cli("incident list", { env: secretive });
    assert.match(stderr, /^error: TW_API_URL: must not hold a user or a password/);
    assert.ok(!stderr.includes("hidden"));
  });
});
