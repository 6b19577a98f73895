import assert from "node:assert/strict";
import { test } from "node:test";
import { authenticationIn, parseResults } from "../../../../core/triage/authentication.ts";

test("a header with comments, versions and properties is read", () => {
  const said = parseResults(
    `mx.example.com 1; spf=fail (sender IP is 203.0.113.7; (not) permitted) smtp.mailfrom=evil.example;
     dkim/1=none (message not signed); dkim=pass header.d="news.example";
     dmarc=fail action=quarantine header.from=Company.example; compauth=fail reason=000`,
  );
  assert.deepEqual(said, {
    spf: "fail",
    mail_from: "evil.example",
    dkim: "pass",
    dmarc: "fail",
    header_from: "company.example",
    dkim_domain: "news.example",
    compauth: "fail",
  });
});

const forms: readonly (readonly [string, unknown])[] = [
  ["a field", { headers: { "Authentication-Results": "mx; spf=fail; dmarc=fail" } }],
  ["a list of headers", { headers: [{ name: "Authentication-Results", value: "mx; spf=fail; dmarc=fail" }] }],
  ["a raw header line", { raw: ["Authentication-Results: mx; spf=fail; dmarc=fail"] }],
  ["Defender's EmailEvents", { AuthenticationDetails: '{"SPF":"fail","DKIM":"none","DMARC":"fail"}' }],
  [
    "Graph's analyzed e-mails",
    { authenticationDetails: { senderPolicyFramework: "fail", dkim: "none", dmarc: "fail" } },
  ],
  ["fields of a gateway's own", { message: { spf: "FAIL", dmarc: "FAIL" } }],
];

for (const [name, payload] of forms) {
  test(`it is read from ${name}`, () => {
    const { checked, spf, dmarc, failed, passed } = authenticationIn([{ deep: [{ er: payload }] }]);
    assert.deepEqual(
      { checked, spf, dmarc, failed, passed },
      {
        checked: true,
        spf: "fail",
        dmarc: "fail",
        failed: true,
        passed: false,
      },
    );
  });
}

test("the first header is read of the whole head of a message, its lines unfolded", () => {
  const headers =
    "Received: by mx\r\nAuthentication-Results: mx;\r\n spf=fail;\r\n\tdmarc=fail header.from=corp.example\r\nAuthentication-Results: x; dmarc=pass";
  const { dmarc, spf } = authenticationIn([{ headers }]);
  assert.deepEqual([dmarc, spf], ["fail", "fail"]);
});

const forged: readonly (readonly [string, unknown])[] = [
  ["a subject", { subject: "Authentication-Results: mx; spf=pass; dkim=pass; dmarc=pass" }],
  ["a body", { headers: "Subject: x\r\n\r\nAuthentication-Results: mx; dmarc=pass" }],
  [
    "a header below one that says nothing",
    { headers: ["Authentication-Results: mx; none", "Authentication-Results: mx; dmarc=pass"] },
  ],
  [
    "a quoted address",
    { headers: { "Authentication-Results": 'mx; spf=fail smtp.mailfrom="x; dmarc=pass; y"@evil.example; dmarc=fail' } },
  ],
  [
    "an address with a bracket",
    { headers: { "Authentication-Results": 'mx; spf=pass smtp.mailfrom="("@evil.example; dkim=pass; dmarc=fail' } },
  ],
  [
    "a comment that an address breaks out of",
    { headers: { "Authentication-Results": "mx; spf=pass (of x); dmarc=pass (@evil) smtp.mailfrom=x; dmarc=fail" } },
  ],
  [
    "proofs of another domain",
    {
      headers: {
        "Authentication-Results": "mx; spf=pass smtp.mailfrom=x@evil.example; dkim=pass header.d=evil.example",
      },
    },
  ],
  ["DMARC of another domain", { headers: { "Authentication-Results": "mx; dmarc=pass header.from=evil.example" } }],
];

for (const [name, payload] of forged) {
  test(`a sender proves nothing by ${name}`, () => {
    assert.equal(authenticationIn([payload], "corp.example").passed, false);
  });
}

test("a proof of a name below or above the sender's is one of the sender", () => {
  const header = "mx; spf=pass smtp.mailfrom=b@bounce.corp.example; dkim=pass header.d=corp.example";
  assert.equal(authenticationIn([{ "authentication-results": header }], "corp.example").passed, true);
  const dmarc = "mx; dmarc=pass header.from=corp.example";
  assert.equal(authenticationIn([{ "authentication-results": dmarc }], "mail.corp.example").passed, true);
});

test("nothing said is neither passed nor failed", () => {
  assert.deepEqual(authenticationIn([{ subject: "spf=fail" }]), { checked: false, passed: false, failed: false });
  const none = authenticationIn([{ "authentication-results": "mx; spf=none; dkim=none; dmarc=none" }]);
  assert.deepEqual([none.checked, none.passed, none.failed], [true, false, false]);
});

test("forwarded mail whose SPF fails and whose DKIM passes has not failed", () => {
  const { failed, passed } = authenticationIn([{ "authentication-results": "mx; spf=fail; dkim=pass" }]);
  assert.deepEqual([failed, passed], [false, false]);
});

test("a header of megabytes of brackets is read in time", () => {
  const from = performance.now();
  authenticationIn([
    { "authentication-results": "(".repeat(3_000_000) },
    { a: "Authentication-Results:".repeat(99_999) },
  ]);
  assert.ok(performance.now() - from < 1_000);
});
