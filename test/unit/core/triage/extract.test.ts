import assert from "node:assert/strict";
import { test } from "node:test";
import { extract, refanged } from "../../../../core/triage/extract.ts";

test("URLs, domains, addresses and hashes are found, also defanged", () => {
  const found = extract([
    'Click hxxps://login[.]example[.]net/reset?u=1, or "http://203.0.113.7:8080/x".',
    "From: attacker[at]evil(.)example <mailto:other@partner.example>; see www.example.org.",
    "C2 198.51.100[.]9:443 and 2001:db8::1, sha256 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae",
  ]);
  assert.deepEqual(found.urls, ["https://login.example.net/reset?u=1", "http://203.0.113.7:8080/x"]);
  assert.deepEqual(found.emails, ["attacker@evil.example", "other@partner.example"]);
  assert.deepEqual(found.ips, ["203.0.113.7", "198.51.100.9", "2001:db8::1"]);
  assert.deepEqual(found.domains, ["login.example.net", "evil.example", "partner.example", "www.example.org"]);
  assert.equal(found.hashes.length, 1);
});

test("file names, versions and sentences are no domains", () => {
  const { domains, ips } = extract(["Opened invoice.pdf and setup.exe. Version 1.2.3, e.g. at 10:30. Done.Next"]);
  assert.deepEqual(ips, []);
  assert.deepEqual(domains, ["done.next"]);
});

test("what is defanged in every usual way is refanged", () => {
  assert.equal(refanged("hxxp[:]//a[.]b(.)c[dot]example"), "http://a.b.c.example");
  assert.equal(refanged("hxxps[://]x.example"), "https://x.example");
  assert.equal(refanged("me[@]b.example you(at)b.example"), "me@b.example you@b.example");
});

test("a text of megabytes that is made to be slow is read in time", () => {
  const texts = ["[.".repeat(500_000), "a.".repeat(500_000), "http://".repeat(200_000), "@".repeat(900_000)];
  const from = performance.now();
  for (const text of texts) extract([text]);
  assert.ok(performance.now() - from < 3_000);
});

test("no more is found of a kind than a run can carry", () => {
  const many = Array.from({ length: 5_000 }, (_, index) => `host${index}.example`).join(" ");
  assert.equal(extract([many]).domains.length, 200);
});
