import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type OcsfClass, toOcsf } from "../../../../../core/incidents/export/ocsf.ts";
import type { Incident } from "../../../../../core/incidents/incident.ts";
import { anEntity, anIncident } from "../../../../support/an-incident.ts";
import { assertValid } from "../../../../support/schemas.ts";

type Json = ReturnType<typeof JSON.parse>;

function exported(given: Partial<Incident>, as?: OcsfClass): Json {
  const event = toOcsf(anIncident(given), as);
  assertValid("ocsf", event);
  return event;
}

const finding = (given: Partial<Incident>): Json => exported(given, "detection_finding");

describe("an incident is an Incident Finding", () => {
  test("of class 2005 unless the other is asked for", () => {
    assert.equal(exported({}).class_uid, 2005);
    assert.equal(exported({}, "incident_finding").type_uid, 200501);
    assert.equal(finding({}).class_uid, 2004);
  });

  test("with a group where nobody is assigned, and with somebody where one is", () => {
    assert.deepEqual(exported({}).assignee_group, { name: "Unassigned" });
    const { assignee, assignee_group } = exported({ assignee: "kim@example.com" });
    assert.deepEqual([assignee, assignee_group], [{ name: "kim@example.com" }, undefined]);
  });

  test("that lists its finding, which is the one of the Detection Finding", () => {
    const given = { external_id: "a-1", deliveries: ["d-1"], description: "More" };
    assert.deepEqual(exported(given).finding_info_list, [finding(given).finding_info]);
    assert.equal(exported(given).finding_info_list[0].uid, anIncident().id);
    assert.equal(exported(given).finding_info_list[0].uid_alt, "a-1");
  });

  test("that keeps the roles of its entities, for which the class has no place", () => {
    const entities = [anEntity("target host web-01")];
    assert.deepEqual(exported({ entities }).unmapped.entities, entities);
    assert.deepEqual(exported({ entities }).observables, [{ type_id: 1, type: "Hostname", value: "web-01" }]);
  });
});

describe("its metadata", () => {
  test("say the version, the profile, the product and what it is about", () => {
    const { metadata } = exported({ external_id: "a-1", tags: ["vip"] });
    const { product, uid, logged_time, modified_time, ...rest } = metadata;
    assert.deepEqual(rest, {
      version: "1.8.0",
      profiles: ["incident"],
      correlation_uid: anIncident().id,
      original_event_uid: "a-1",
      source: "edr",
      log_provider: "generic",
      labels: ["vip"],
    });
    assert.equal(product.name, "Thruway");
    assert.equal(logged_time, Date.parse("2026-01-15T12:00:00Z"));
    assert.equal(modified_time, logged_time);
  });

  test("name the same state the same, and another one otherwise", () => {
    const uidOf = (given: Partial<Incident>): string => exported(given).metadata.uid;
    assert.equal(uidOf({}), uidOf({ title: "whatever" }));
    assert.notEqual(uidOf({}), uidOf({ updated_at: "2026-01-15T12:00:00.001Z" }));
  });
});

describe("what happened to it", () => {
  const later = "2026-01-15T13:00:00.000Z";
  test("is that it was made, changed or closed, at the time of its last change", () => {
    const activity = (given: Partial<Incident>): Json => {
      const { activity_id, activity_name, type_uid, time } = exported(given);
      return [activity_id, activity_name, type_uid, time];
    };
    assert.deepEqual(activity({}), [1, "Create", 200501, Date.parse("2026-01-15T12:00:00Z")]);
    assert.deepEqual(activity({ updated_at: later }), [2, "Update", 200502, Date.parse(later)]);
    assert.deepEqual(activity({ updated_at: later, status: "resolved" })[0], 2);
    assert.deepEqual(activity({ updated_at: later, status: "closed" }), [3, "Close", 200503, Date.parse(later)]);
  });

  test("is an alert for a Detection Finding until it is closed", () => {
    assert.equal(finding({ status: "resolved" }).is_alert, true);
    assert.equal(finding({ status: "closed" }).is_alert, false);
  });

  test("spans from first to last seen, and counts the alerts", () => {
    const given = { first_seen_at: "2026-01-15T11:00:00.000Z", last_seen_at: later, occurrences: 3 };
    const { start_time, end_time, count, finding_info_list } = exported(given);
    assert.deepEqual([end_time - start_time, count], [7_200_000, 3]);
    assert.equal(finding_info_list[0].related_events_count, 3);
  });
});

describe("its words become numbers:", () => {
  const severities = { info: 1, low: 2, medium: 3, high: 4, critical: 5 } as const;
  for (const [severity, id] of Object.entries(severities)) {
    test(`severity ${severity}`, () => {
      assert.equal(exported({ severity: severity as keyof typeof severities }).severity_id, id);
    });
  }

  const statuses = {
    new: [1, 1],
    in_progress: [2, 2],
    escalated: [2, 2],
    pending_approval: [3, 2],
    resolved: [4, 4],
    closed: [5, 5],
  } as const;
  for (const [status, [incident, detection]] of Object.entries(statuses)) {
    test(`status ${status}, which is kept beside it`, () => {
      const given = { status: status as keyof typeof statuses };
      assert.equal(exported(given).status_id, incident);
      assert.equal(finding(given).status_id, detection);
      assert.equal(exported(given).status_code, status);
    });
  }

  test("a finding that ended as a false positive is suppressed", () => {
    const given = { verdict: "false_positive" } as const;
    assert.equal(finding({ ...given, status: "closed" }).status, "Suppressed");
    assert.equal(finding({ ...given, status: "resolved" }).status, "Suppressed");
    assert.equal(finding({ ...given, status: "in_progress" }).status, "In Progress");
    assert.equal(exported({ ...given, status: "closed" }).status, "Closed");
  });

  const verdicts = {
    true_positive: 2,
    likely_true_positive: 4,
    suspicious: 4,
    likely_false_positive: 99,
    false_positive: 1,
    inconclusive: 7,
  } as const;
  for (const [verdict, id] of Object.entries(verdicts)) {
    test(`verdict ${verdict}, which is kept beside it`, () => {
      const event = exported({ verdict: verdict as keyof typeof verdicts });
      assert.equal(event.verdict_id, id);
      assert.equal(event.unmapped.verdict, verdict);
    });
  }

  test("a test is a test, unless somebody judged it, and what nobody judged has no verdict", () => {
    assert.equal(exported({ tags: ["test"] }).verdict_id, 6);
    assert.equal(exported({ tags: ["test"], verdict: "true_positive" }).verdict_id, 2);
    assert.equal(exported({}).verdict_id, undefined);
  });
});

describe("ATT&CK", () => {
  test("is in the finding, and of an Incident Finding also in the event", () => {
    const given = { mitre: [{ id: "T1566.002", tactic: "initial-access", technique: "Phishing: Spearphishing Link" }] };
    const attacks = [
      {
        tactic: { uid: "TA0001", name: "Initial Access" },
        technique: { uid: "T1566", name: "Phishing" },
        sub_technique: { uid: "T1566.002", name: "Spearphishing Link" },
      },
    ];
    assert.deepEqual(exported(given).attacks, attacks);
    assert.deepEqual(finding(given).finding_info.attacks, attacks);
    assert.equal(finding(given).attacks, undefined);
  });

  test("is not what a vendor calls by other ids: that is kept as it is", () => {
    const mitre = [{ id: "CSTA0004", tactic: "Malware" }];
    const { attacks, unmapped } = exported({ mitre });
    assert.deepEqual([attacks, unmapped.mitre], [undefined, mitre]);
  });
});

describe("the evidence of a Detection Finding", () => {
  function evidenceOf(...texts: readonly string[]): readonly Json[] {
    return finding({ entities: texts.map(anEntity) }).evidences ?? [];
  }

  const cases: Readonly<Record<string, object>> = {
    "source ip 203.0.113.9": { src_endpoint: { ip: "203.0.113.9" } },
    "actor ip 2001:db8::1": { src_endpoint: { ip: "2001:db8::1" } },
    "destination host db-01": { dst_endpoint: { hostname: "db-01" } },
    "destination domain evil.example": { dst_endpoint: { domain: "evil.example" } },
    "target ip 192.0.2.1": { device: { ip: "192.0.2.1", type_id: 0, type: "Unknown" } },
    "related host web-01": { device: { hostname: "web-01", type_id: 0, type: "Unknown" } },
    "actor user CORP\\kim": { actor: { user: { name: "kim", domain: "CORP" } } },
    "target user kim@example.com": { user: { name: "kim@example.com", email_addr: "kim@example.com" } },
    "target email kim@example.com": { user: { name: "kim@example.com", email_addr: "kim@example.com" } },
    "related url https://evil.example:8443/a?b=c": {
      url: {
        url_string: "https://evil.example:8443/a?b=c",
        scheme: "https",
        hostname: "evil.example",
        port: 8443,
        path: "/a",
        query_string: "b=c",
      },
    },
    "related url not a url": { url: { url_string: "not a url" } },
    "related file /etc/passwd": {
      file: { name: "passwd", path: "/etc/passwd", parent_folder: "/etc", type_id: 0, type: "Unknown" },
    },
    "related process a.exe /q": { data: { type: "process", role: "related", value: "a.exe /q" } },
    "related ip not an address": { data: { type: "ip", role: "related", value: "not an address" } },
    "sender email no mailbox": { data: { type: "email", role: "sender", value: "no mailbox" } },
  };
  for (const [text, fields] of Object.entries(cases)) {
    test(`is made of ${text}`, () => {
      const { name } = evidenceOf(text)[0];
      const { role, type } = anEntity(text);
      assert.deepEqual(evidenceOf(text), [{ name, ...fields }]);
      assert.equal(name, `${role} ${type}`);
    });
  }

  test("has both ends of a connection in one piece, where there is one of each", () => {
    const [from, to] = ["source ip 203.0.113.9", "destination ip 192.0.2.1"] as const;
    assert.deepEqual(evidenceOf(from, to), [
      { name: "connection", src_endpoint: { ip: "203.0.113.9" }, dst_endpoint: { ip: "192.0.2.1" } },
    ]);
    assert.equal(evidenceOf(from, to, "source ip 203.0.113.10").length, 3);
  });

  test("has a message with its sender and all who got it, also those that were attacked", () => {
    const message = evidenceOf("sender email a@b.example", "recipient email c@d.example", "target email e@f.example");
    assert.deepEqual(message, [
      { name: "message", email: { from: "a@b.example", to: ["c@d.example", "e@f.example"] } },
    ]);
  });

  test("gives the only file its hashes, and two files none", () => {
    const [sha256, md5] = [`related hash ${"a".repeat(64)}`, `related hash ${"b".repeat(32)}`];
    const [one] = evidenceOf("related file a.exe", sha256, md5);
    assert.deepEqual(
      one.file.hashes.map(({ algorithm }: Json) => algorithm),
      ["SHA-256", "MD5"],
    );
    const two = evidenceOf("related file a.exe", "related file b.exe", sha256);
    assert.deepEqual(
      two.map(({ file, data }) => file?.name ?? data.type),
      ["a.exe", "b.exe", "hash"],
    );
  });

  test("is pointed at by the observables", () => {
    const entities = ["target host web-01", "source ip 203.0.113.9", "target resource Mail"].map(anEntity);
    const event = finding({ entities });
    for (const { name, value } of event.observables) {
      const found = name
        .split(/[.[\]]+/)
        .filter(Boolean)
        .reduce((inner: Json, key: string) => inner[key], event);
      assert.equal(found, value);
    }
    assert.equal(event.observables.length, entities.length);
  });

  test("is beside the resources that were attacked, and the device where there is one", () => {
    const event = finding({ entities: ["target host web-01", "target ip 192.0.2.1", "actor user kim"].map(anEntity) });
    assert.deepEqual(event.device, { hostname: "web-01", ip: "192.0.2.1", type_id: 0, type: "Unknown" });
    assert.deepEqual(
      event.resources.map(({ name, role }: Json) => [name, role]),
      [
        ["web-01", "Target"],
        ["192.0.2.1", "Target"],
      ],
    );
    assert.equal(finding({ entities: ["target host a", "target host b"].map(anEntity) }).device, undefined);
  });
});
