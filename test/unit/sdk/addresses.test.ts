import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { addressList, PluginError, plainAddress } from "@thruway/sdk";
import * as fc from "fast-check";

describe("a list of addresses and networks", () => {
  test("includes what is named and what lies in a network, and nothing else", () => {
    const list = addressList(["192.0.2.7", "198.51.100.0/24", "2001:db8::/32", "::1"]);
    for (const inside of [
      "192.0.2.7",
      "198.51.100.0",
      "198.51.100.255",
      "2001:db8:ffff::1",
      "::1",
      "::ffff:192.0.2.7",
    ]) {
      assert.equal(list.includes(inside), true, inside);
    }
    for (const outside of ["192.0.2.8", "198.51.101.0", "2001:db9::", "::2", "", "localhost", "192.0.2", "0"]) {
      assert.equal(list.includes(outside), false, outside);
    }
  });

  test("that is empty includes nobody", () => {
    assert.equal(addressList([]).includes("127.0.0.1"), false);
  });

  for (const entry of ["", "localhost", "192.0.2", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/", "192.0.2.0/24/8"]) {
    test(`refuses ${JSON.stringify(entry)}`, () => assert.throws(() => addressList([entry]), PluginError));
  }
  for (const entry of ["0.0.0.0/0", "::/0"]) {
    test(`refuses everybody: ${entry}`, () => {
      assert.throws(() => addressList([entry]), {
        message: `"${entry}" is everybody; name the networks that are meant`,
      });
    });
  }
  for (const entry of ["2001:db8::/129", "::ffff:192.0.2.0/120", "192.0.2.0/1e1", "192.0.2.0/ 24"]) {
    test(`refuses ${entry}`, () => assert.throws(() => addressList([entry]), PluginError));
  }
});

test("an address is plain without its zone and its IPv6 clothes", () => {
  for (const [text, plain] of [
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::FFFF:192.0.2.7", "192.0.2.7"],
    ["fe80::1%eth0", "fe80::1"],
    ["::ffff:999.0.2.7", undefined],
    ["", undefined],
    ["%eth0", undefined],
  ] as const) {
    assert.equal(plainAddress(text), plain, text);
  }
});

test("whatever is asked, a list answers", () => {
  const list = addressList(["192.0.2.0/24", "2001:db8::/32"]);
  const address = fc.oneof(fc.string({ unit: "binary" }), fc.ipV4(), fc.ipV6(), fc.ipV4Extended());
  fc.assert(fc.property(address, (text) => typeof list.includes(text) === "boolean"));
});
