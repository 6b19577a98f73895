import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { toEcs } from "../../../../../core/incidents/export/ecs.ts";
import type { Incident } from "../../../../../core/incidents/incident.ts";
import { anEntity, anIncident } from "../../../../support/an-incident.ts";
import { assertValid } from "../../../../support/schemas.ts";

type Json = ReturnType<typeof JSON.parse>;

function exported(given: Partial<Incident>): Json {
  const document = toEcs(anIncident(given));
  assertValid("ecs", document);
  return document;
}

const of = (...texts: readonly string[]): Json => exported({ entities: texts.map(anEntity) });

describe("an incident is an alert of ECS", () => {
  test("at the time when it happened", () => {
    const occurred_at = "2026-01-15T11:00:00.000Z";
    const document = exported({ occurred_at });
    assert.equal(document["@timestamp"], occurred_at);
    assert.equal(document.event.kind, "alert");
    assert.equal(document.ecs.version, "9.4.0");
    assert.equal(document.event.created, "2026-01-15T12:00:00.000Z");
  });

  test("with its id, so that the next state replaces this one", () => {
    assert.equal(exported({ status: "closed" }).event.id, exported({}).event.id);
  });

  test("with the words that ECS has no field for as labels, and without those that it has not", () => {
    const given = { verdict: "false_positive", assignee: "kim", vendor_severity: "Sev2", external_id: "a-1" } as const;
    assert.deepEqual(exported(given).labels, {
      number: "INC-2026-0001",
      status: "new",
      severity: "medium",
      plugin: "generic",
      occurrences: "1",
      verdict: "false_positive",
      vendor_severity: "Sev2",
      external_id: "a-1",
      assignee: "kim",
    });
    assert.deepEqual(Object.keys(exported({}).labels), ["number", "status", "severity", "plugin", "occurrences"]);
  });

  test("with the severities of Elastic's rules", () => {
    const numbers = (["critical", "high", "medium", "low", "info"] as const).map(
      (severity) => exported({ severity }).event.severity,
    );
    assert.deepEqual(numbers, [99, 73, 47, 21, 21]);
  });

  test("with tags, description and link where there are any", () => {
    const { tags, event } = exported({ tags: ["vip"], description: "More", url: "https://vendor.example/1" });
    assert.deepEqual([tags, event.reason, event.url], [["vip"], "More", "https://vendor.example/1"]);
    const bare = exported({});
    assert.deepEqual([bare.tags, bare.event.reason, bare.event.url], [undefined, undefined, undefined]);
  });
});

describe("its type puts it into a category:", () => {
  const cases: Readonly<Record<string, readonly [category: string, outcome?: string]>> = {
    failed_login: ["authentication", "failure"],
    login_failed: ["authentication", "failure"],
    ssh_brute_force: ["authentication", "failure"],
    suspicious_sign_in: ["authentication"],
    credential_access: ["authentication"],
    malware_blocked: ["malware"],
    ransomware: ["malware"],
    phishing: ["email"],
    identity_detection: ["iam"],
    vulnerability_found: ["vulnerability"],
    dns_tunnel: ["network"],
    endpoint_detection: ["intrusion_detection"],
    "": ["intrusion_detection"],
  };
  for (const [type, [category, outcome]] of Object.entries(cases)) {
    test(type || "none", () => {
      const { event } = toEcs(anIncident({ type })) as Json;
      assert.deepEqual([event.category, event.outcome], [[category], outcome]);
    });
  }
});

describe("its entities", () => {
  test("are a host that was attacked, by name and address", () => {
    const { host } = of("source host jump-01", "target host web-01", "target ip 192.0.2.1", "target ip 2001:db8::1");
    assert.deepEqual(host, { name: "web-01", hostname: "web-01", ip: ["192.0.2.1", "2001:db8::1"] });
  });

  test("are the ends of a connection, and who stood there", () => {
    const { source, destination } = of("actor ip 203.0.113.9", "actor user CORP\\kim", "destination host db-01");
    assert.deepEqual(source, {
      address: "203.0.113.9",
      ip: "203.0.113.9",
      user: { name: "kim", domain: "CORP" },
    });
    assert.deepEqual(destination, { address: "db-01", domain: "db-01" });
  });

  test("are a user, first of all the one that was attacked", () => {
    assert.deepEqual(of("actor user root", "target user CORP\\kim").user, { name: "kim", domain: "CORP" });
    assert.deepEqual(of("actor user root").user, { name: "root" });
    assert.deepEqual(of("target email kim@example.com").user, { email: "kim@example.com" });
  });

  test("are a message, with those that were attacked among its recipients", () => {
    const { email, user } = of("sender email a@b.example", "target email c@d.example");
    assert.deepEqual(email, { from: { address: ["a@b.example"] }, to: { address: ["c@d.example"] } });
    assert.equal(user, undefined);
  });

  test("are a link, taken apart", () => {
    assert.deepEqual(of("related url https://evil.example:8443/a?b=c#d").url, {
      original: "https://evil.example:8443/a?b=c#d",
      full: "https://evil.example:8443/a?b=c#d",
      scheme: "https",
      domain: "evil.example",
      port: 8443,
      path: "/a",
      query: "b=c",
      fragment: "d",
    });
    assert.deepEqual(of("related url hxxp//x").url, { original: "hxxp//x" });
  });

  test("are a file and its hashes, of which it has one of each kind", () => {
    const [sha256, other, md5] = ["a", "b", "c"].map((sign, index) => sign.repeat(index === 2 ? 32 : 64));
    const { file } = of("related file C:\\tmp\\a.exe", `related hash ${sha256}`, `related hash ${md5}`);
    assert.deepEqual(file, {
      name: "a.exe",
      path: "C:\\tmp\\a.exe",
      directory: "C:\\tmp",
      extension: "exe",
      hash: { sha256, md5 },
    });
    assert.equal(of("related file a.exe", "related file b.exe", `related hash ${md5}`).file.hash, undefined);
    assert.deepEqual(of(`related hash ${sha256}`, `related hash ${other}`).file, undefined);
  });

  test("are a process", () => {
    assert.deepEqual(of("related process powershell.exe -enc AAAA").process, {
      name: "powershell.exe",
      command_line: "powershell.exe -enc AAAA",
    });
  });

  test("are all in related, whatever their role, and as they were in thruway.entities", () => {
    const texts = [
      "target host web-01",
      "related domain evil.example",
      "related ip 192.0.2.1",
      "source ip 192.0.2.1",
      "related ip nonsense",
      "target user CORP\\kim",
      "sender email a@b.example",
      `related hash ${"a".repeat(40)}`,
      "related resource Mail",
    ];
    const { related, thruway } = of(...texts);
    assert.deepEqual(related, {
      hosts: ["web-01", "evil.example"],
      ip: ["192.0.2.1"],
      user: ["kim", "a@b.example"],
      hash: ["a".repeat(40)],
    });
    assert.deepEqual(thruway.entities, texts.map(anEntity));
  });
});

test("tactics and techniques are lists, with their pages at MITRE", () => {
  const { threat } = exported({
    mitre: [
      { id: "T1566.002", tactic: "Initial Access", technique: "Spearphishing Link" },
      { id: "TA0011" },
      { id: "T1566" },
      { tactic: "Machine Learning", technique: "Adware/PUP" },
    ],
  });
  assert.deepEqual(threat, {
    framework: "MITRE ATT&CK",
    tactic: {
      id: ["TA0001", "TA0011"],
      name: ["Initial Access"],
      reference: ["https://attack.mitre.org/tactics/TA0001/", "https://attack.mitre.org/tactics/TA0011/"],
    },
    technique: {
      id: ["T1566"],
      reference: ["https://attack.mitre.org/techniques/T1566/"],
      subtechnique: {
        id: ["T1566.002"],
        name: ["Spearphishing Link"],
        reference: ["https://attack.mitre.org/techniques/T1566/002/"],
      },
    },
  });
});
