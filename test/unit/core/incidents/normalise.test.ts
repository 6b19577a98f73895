import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type EntityType, entityTypes } from "@thruway/sdk";
import * as fc from "fast-check";
import { normalise } from "../../../../core/incidents/normalise.ts";

const forms: readonly (readonly [type: EntityType, written: string, form: string])[] = [
  ["host", "WORKSTATION-01", "workstation-01"],
  ["host", "Srv1.Corp.Example.", "srv1.corp.example"],
  ["host", "2001:DB8:0:0::1", "2001:db8::1"],
  ["host", "srv1[.]corp[.]example", "srv1.corp.example"],
  ["domain", "EVIL(dot)Example", "evil.example"],
  ["domain", "evil[dot]example", "evil.example"],
  ["domain", "Bücher.example", "xn--bcher-kva.example"],
  ["domain", "*.Evil.example", "*.evil.example"],
  ["domain", "пример.example", "xn--e1afmkfd.example"],
  ["email", "Kim@Company.Example", "kim@company.example"],
  ["email", "Kim Lee <Kim@Company.Example>", "kim@company.example"],
  ["email", "mailto:Kim@company.example", "kim@company.example"],
  ["email", "kim[at]company[.]example", "kim@company.example"],
  ["email", "kim@Bücher.example", "kim@xn--bcher-kva.example"],
  ["email", "Not An Address", "not an address"],
  ["ip", "192.0.2.7", "192.0.2.7"],
  ["ip", "192[.]0[.]2[.]7", "192.0.2.7"],
  ["ip", "192.0.2.7:443", "192.0.2.7"],
  ["ip", "2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1"],
  ["ip", "[2001:db8::1]:443", "2001:db8::1"],
  ["ip", "::FFFF:192.0.2.7", "192.0.2.7"],
  ["ip", "fe80::1%eth0", "fe80::1%eth0"],
  ["ip", "2001:db8::1%eth0", "2001:db8::1"],
  ["ip", "nobody", "nobody"],
  ["url", "hxxps://Evil[.]Example/Path?Q=1#F", "https://evil.example/Path?Q=1#F"],
  ["url", "hXXp[:]//evil[.]example:8080/", "http://evil.example:8080/"],
  ["url", "HTTP://User@Bücher.example/a b", "http://User@xn--bcher-kva.example/a b"],
  ["url", "http://[2001:DB8::0:1]:80/", "http://[2001:db8::1]:80/"],
  ["url", "fxp://evil.example/x", "ftp://evil.example/x"],
  ["url", "/only/A/Path", "/only/A/Path"],
  ["user", "corp\\Kim", "CORP\\kim"],
  ["user", "corp\\\\Kim", "CORP\\kim"],
  ["user", "Kim@Corp.Example", "kim@corp.example"],
  ["user", "Kim", "Kim"],
  ["user", "arn:aws:iam::1:user/Kim", "arn:aws:iam::1:user/Kim"],
  ["hash", "9F86D081", "9f86d081"],
  ["hash", "SHA256=9F86D081", "9f86d081"],
  ["hash", "imphash:XYZ", "imphash:XYZ"],
  ["file", "C:\\Temp\\A.EXE", "C:\\Temp\\A.EXE"],
  ["process", "PowerShell.exe", "PowerShell.exe"],
  ["resource", "Sub/Name", "Sub/Name"],
];

describe("an entity has one form:", () => {
  for (const [type, written, form] of forms) {
    test(`the ${type} ${written}`, () => {
      assert.deepEqual(normalise({ type, role: "target", value: written }), { type, role: "target", value: form });
    });
  }
});

test("what has its form already keeps it, whatever it is", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...entityTypes),
      fc.oneof(fc.string(), fc.webUrl(), fc.ipV6(), fc.domain()),
      (type, value) => {
        const once = normalise({ type, role: "target", value: value || "x" });
        assert.notEqual(once.value, "");
        assert.equal(normalise(normalise(once)).value, normalise(once).value);
      },
    ),
  );
});

test("a value of an attacker's making takes no longer than its length", () => {
  for (const piece of ["[.]", "\\", "<a@", "(dot", "%", ":", "@", "[", "hxxp:"]) {
    for (const type of entityTypes) {
      const began = performance.now();
      normalise({ type, role: "target", value: piece.repeat(2_048) });
      assert.ok(performance.now() - began < 100, `${type} ${piece}`);
    }
  }
});
