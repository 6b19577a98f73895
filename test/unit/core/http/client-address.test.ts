import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addressList } from "@thruway/sdk";
import * as fc from "fast-check";
import { clientAddress } from "../../../../core/http/client-address.ts";

const proxies = addressList(["10.0.0.0/8", "2001:db8::1"]);

function from(peer: string | undefined, ...forwarded: readonly string[]): string {
  const { address, proxied } = clientAddress(peer, { "x-forwarded-for": [...forwarded] }, proxies);
  return proxied ? `${address} by proxy` : address;
}

describe("the sender's address", () => {
  test("is the peer's, whatever it writes, unless the peer is trusted", () => {
    assert.equal(from("203.0.113.9", "198.51.100.7"), "203.0.113.9");
    assert.equal(from("::ffff:203.0.113.9", "198.51.100.7"), "203.0.113.9");
    assert.equal(from("2001:db8::2", "198.51.100.7"), "2001:db8::2");
    assert.equal(from(undefined, "198.51.100.7"), "");
    assert.deepEqual(clientAddress("10.0.0.1", { "x-forwarded-for": ["198.51.100.7"] }, addressList([])), {
      address: "10.0.0.1",
      proxied: false,
    });
  });

  test("is the last that a trusted proxy says", () => {
    assert.equal(from("10.0.0.1", "198.51.100.7"), "198.51.100.7 by proxy");
    assert.equal(from("::ffff:10.0.0.1", "198.51.100.7"), "198.51.100.7 by proxy");
    assert.equal(from("2001:db8::1", "2001:db8::7"), "2001:db8::7 by proxy");
    assert.equal(from("10.0.0.1", "192.0.2.1, 198.51.100.7"), "198.51.100.7 by proxy");
  });

  test("is found through several trusted proxies, in one header or in several", () => {
    assert.equal(from("10.0.0.1", "192.0.2.1, 198.51.100.7, 10.0.0.3,10.0.0.2"), "198.51.100.7 by proxy");
    assert.equal(from("10.0.0.1", "192.0.2.1, 198.51.100.7", "10.0.0.3", "10.0.0.2"), "198.51.100.7 by proxy");
    assert.equal(from("10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3 by proxy");
  });

  test("is a trusted proxy's own where it says nothing, or nothing that is an address", () => {
    assert.equal(from("10.0.0.1"), "10.0.0.1 by proxy");
    for (const nonsense of ["", "unknown", "_hidden", "198.51.100.7,", "999.1.1.1", "198.51.100.7 198.51.100.8"]) {
      assert.equal(from("10.0.0.1", nonsense), "10.0.0.1 by proxy", nonsense);
    }
    assert.equal(from("10.0.0.1", "198.51.100.7, unknown, 10.0.0.2"), "10.0.0.2 by proxy");
  });

  test("may be written with a port", () => {
    assert.equal(from("10.0.0.1", "198.51.100.7:51234"), "198.51.100.7 by proxy");
    assert.equal(from("10.0.0.1", "[2001:db8::7]:51234"), "2001:db8::7 by proxy");
    assert.equal(from("10.0.0.1", "[2001:db8::7]"), "2001:db8::7 by proxy");
  });
});

test("whatever a stranger writes before the address that a trusted proxy adds, that address is the sender's", () => {
  const entry = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string({ unit: "binary" }), fc.constantFrom("10.0.0.9", "", ","));
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), (written) => {
      assert.equal(from("10.0.0.1", [...written, "198.51.100.7"].join(", ")), "198.51.100.7 by proxy");
      assert.equal(from("10.0.0.1", ...written, "198.51.100.7, 10.0.0.2"), "198.51.100.7 by proxy");
    }),
    { numRuns: 300 },
  );
});
