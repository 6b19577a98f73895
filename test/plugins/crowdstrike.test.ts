import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Alert, isIgnored } from "@thruway/sdk";
import { listed, sampleTime } from "@thruway/sdk/testing";
import plugin from "../../plugins/crowdstrike/index.ts";

type Fields = Readonly<Record<string, unknown>>;

const creation = 1768464126000;
const created = "2026-01-15T08:02:06.000Z";

function streamEvent(eventType: string, event: Fields, metadata: Fields = { eventCreationTime: creation }): object {
  return { metadata: { eventType, ...metadata }, event };
}

/** The only alert that a payload becomes. */
function alertOf(payload: unknown, options: Fields = {}): Alert {
  const checked = plugin.options.validate(options);
  assert.equal(checked.error, undefined);
  assert.equal(plugin.payload.validate(payload, { convert: false }).error, undefined);
  const result = listed(plugin.map(payload, { source: "edr", options: checked.value, receivedAt: sampleTime }));
  assert.ok(Array.isArray(result), JSON.stringify(result));
  assert.equal(result.length, 1);
  return result[0];
}

function ignoredOf(payload: unknown): string | undefined {
  const result = plugin.map(payload, { source: "edr", options: {}, receivedAt: sampleTime });
  return isIgnored(result) ? result.ignored : undefined;
}

function detection(event: Fields, eventType = "DetectionSummaryEvent", metadata?: Fields): Alert {
  return alertOf(streamEvent(eventType, { DetectId: "d", DetectName: "n", ...event }, metadata));
}

describe("a severity", () => {
  test("counts from 1 to 5 in a DetectionSummaryEvent", () => {
    const expected = ["info", "low", "medium", "high", "critical"];
    for (const [index, severity] of expected.entries()) {
      assert.equal(detection({ Severity: index + 1 }).severity, severity);
      assert.equal(detection({ Severity: String(index + 1) }).severity, severity);
    }
  });

  test("counts to 100 in the events of newer products", () => {
    const expected = {
      0: "info",
      10: "info",
      20: "low",
      30: "low",
      50: "medium",
      70: "high",
      90: "critical",
      100: "critical",
    };
    for (const type of ["EppDetectionSummaryEvent", "XdrDetectionSummaryEvent", "MobileDetectionSummaryEvent"]) {
      for (const [value, severity] of Object.entries(expected)) {
        assert.equal(detection({ Severity: Number(value) }, type).severity, severity, `${type} ${value}`);
      }
    }
  });

  test("is read by its name first, whatever its case", () => {
    assert.equal(detection({ Severity: 1, SeverityName: "CRITICAL" }).severity, "critical");
    assert.equal(detection({ Severity: 0, SeverityName: "INFO" }).severity, "info");
    assert.deepEqual(gradeOf({ Severity: 4, SeverityName: "" }), ["high", "4"]);
    assert.deepEqual(gradeOf({ Severity: 4, SeverityName: "Purple" }), ["high", "Purple"]);
  });

  test("that is unknown or missing is left to the source", () => {
    assert.deepEqual(gradeOf({}), [undefined, undefined]);
    assert.deepEqual(gradeOf({ SeverityName: "Purple" }), [undefined, "Purple"]);
    assert.deepEqual(gradeOf({ FineScore: 0.5 }), [undefined, undefined]);
  });

  test("of an identity detection is read by what it can be, or as the source says", () => {
    const event = streamEvent("IdpDetectionSummaryEvent", { DetectId: "d", Severity: 4 });
    assert.equal(alertOf(event).severity, "high");
    assert.equal(alertOf(event, { identity_severity_scale: 5 }).severity, "high");
    assert.equal(alertOf(event, { identity_severity_scale: 100 }).severity, "info");
    assert.equal(alertOf(streamEvent("IdentityProtectionEvent", { Severity: 30 })).severity, "low");
    assert.ok(plugin.options.validate({ identity_severity_scale: 10 }).error);
  });

  function gradeOf(event: Fields): readonly unknown[] {
    const { severity, vendor_severity } = detection(event);
    return [severity, vendor_severity];
  }
});

describe("a time", () => {
  const forms = {
    seconds: 1768460400,
    milliseconds: 1768460400000,
    microseconds: "1768460400000000",
    nanoseconds: "1768460400000000000",
    FILETIME: "134129340000000000",
    text: "2026-01-15T07:00:00Z",
  };
  for (const [form, value] of Object.entries(forms)) {
    test(`is read in ${form}`, () => {
      assert.equal(detection({ ContextTimeStamp: value }).occurred_at, "2026-01-15T07:00:00.000Z");
    });
  }

  test("that is absent, before 2000 or yet to come falls back to that of the event", () => {
    for (const value of [0, "0", "", null, 915148800, 1893456000, "later"]) {
      assert.equal(detection({ ContextTimeStamp: value, UTCTimestamp: value }).occurred_at, created, String(value));
    }
  });

  test("of what went on for a while is its end, with its beginning beside it", () => {
    const { occurred_at, first_seen_at, as_of } = detection({
      StartTimeEpoch: 1768460400000,
      EndTimeEpoch: 1768462200000,
    });
    assert.deepEqual(
      [first_seen_at, occurred_at, as_of],
      ["2026-01-15T07:00:00.000Z", "2026-01-15T07:30:00.000Z", created],
    );
  });

  test("of a process counts only where there is no other", () => {
    assert.equal(detection({ ProcessStartTime: 1700000000 }).occurred_at, created);
    assert.equal(detection({ ProcessStartTime: 1700000000 }, undefined, {}).occurred_at, "2023-11-14T22:13:20.000Z");
    assert.equal(detection({}, undefined, {}).occurred_at, undefined);
  });
});

describe("an event", () => {
  test("is known by its type in any case", () => {
    for (const type of ["EPPDetectionSummaryEvent", "eppdetectionsummaryevent", "EppDetectionSummaryEvent"]) {
      assert.deepEqual(
        [detection({ Severity: 30 }, type).type, detection({ Severity: 30 }, type).severity],
        ["endpoint_detection", "low"],
      );
    }
    for (const type of ["AUTHACTIVITYAUDITEVENT", "vertex", "firewallMatchEvent"]) {
      assert.notEqual(ignoredOf(streamEvent(type, { DetectId: "d" })), undefined, type);
    }
  });

  test("of a type that does not exist yet is a detection where it looks like one", () => {
    assert.equal(detection({}, "OverwatchDetectionSummaryEvent").type, "overwatch_detection");
    assert.equal(ignoredOf(streamEvent("SomethingNewEvent", { Hello: "world" })), "an event that is no detection");
  });

  test("of a known type that says nothing is refused with its place", () => {
    const refused = (payload: unknown, path: string): void => {
      assert.throws(() => plugin.map(payload, { source: "edr", options: {}, receivedAt: sampleTime }), {
        name: "PayloadError",
        path,
        message: /has neither an id nor a name nor a severity, as a DetectionSummaryEvent should/,
      });
    };
    refused(streamEvent("DetectionSummaryEvent", {}), "event");
    refused(
      [streamEvent("DetectionSummaryEvent", { DetectId: "d" }), streamEvent("DetectionSummaryEvent", { DetectId: "" })],
      "1.event",
    );
  });

  test("has its hosts, addresses and techniques split where they are joined by commas", () => {
    const { entities, mitre } = detection(
      {
        HostNames: "A, B,,",
        IPv4Addresses: "192.0.2.1,192.0.2.2",
        TechniqueIds: "T1071,T1041",
        Techniques: "Web,Exfil",
      },
      "XdrDetectionSummaryEvent",
    );
    assert.deepEqual(
      entities?.map(({ value }) => value),
      ["A", "B", "192.0.2.1", "192.0.2.2"],
    );
    assert.deepEqual(mitre, [
      { id: "T1071", technique: "Web" },
      { id: "T1041", technique: "Exfil" },
    ]);
  });

  test("has absence where it has empty strings", () => {
    const empty = Object.fromEntries(
      [
        "CommandLine",
        "UserName",
        "ComputerName",
        "LocalIP",
        "FileName",
        "FilePath",
        "Tags",
        "FalconHostLink",
        "DetectDescription",
      ].map((name) => [name, ""]),
    );
    assert.deepEqual(Object.keys(detection(empty)).toSorted(), ["external_id", "occurred_at", "title", "type"]);
  });

  for (const [link, id] of [
    ["https://falcon.example.com/crowdscore/incidents/details/inc:aa:bb", "inc:aa:bb"],
    ["https://falcon.example.com/activity/detections/detail/00ff/42?_cid=1", "ldt:00ff:42"],
    [
      "https://falcon.example.com/activity-v2/detections/0123456789abcdef0123456789abcdef:ind:aa:1-2-3?_cid=1",
      "0123456789abcdef0123456789abcdef:ind:aa:1-2-3",
    ],
  ] as const) {
    test(`has its id in its link where it has no other: ${id}`, () => {
      const event = streamEvent("IncidentSummaryEvent", { FalconHostLink: link });
      assert.equal(alertOf(event).external_id, id);
    });
  }
});

describe("a state", () => {
  const states = {
    new: ["new", undefined],
    reopened: ["new", undefined],
    open: ["new", undefined],
    in_progress: ["in_progress", undefined],
    "IN PROGRESS": ["in_progress", undefined],
    true_positive: ["resolved", "true_positive"],
    false_positive: ["closed", "false_positive"],
    ignored: ["closed", undefined],
    closed: ["closed", undefined],
    DISMISS: ["closed", undefined],
    AUTO_RESOLVED: ["resolved", undefined],
  } as const;

  for (const [state, [status, verdict]] of Object.entries(states)) {
    test(`of ${state} means the same in an update, in an incident and in a workflow's body`, () => {
      const pairs = [
        { Key: "detection_id", ValueString: "ldt:a:1" },
        { Key: "new_state", ValueString: state },
      ];
      const update = alertOf(
        streamEvent("UserActivityAuditEvent", { OperationName: "detection_update", AuditKeyValues: pairs }),
      );
      const incident = alertOf(streamEvent("IncidentSummaryEvent", { IncidentID: "inc:a:1", State: state }));
      const workflow = alertOf({ incident_id: "ldt:a:1", title: "t", status: state });
      for (const alert of [update, incident, workflow]) {
        assert.deepEqual([alert.status, alert.verdict], [status, verdict]);
      }
    });
  }

  test("that nobody knows is told in words and leaves the incident open", () => {
    const { status, description } = alertOf(
      streamEvent("IdentityProtectionEvent", { IncidentType: "UNUSUAL_ACTIVITY", State: "AWAITING_REVIEW" }),
    );
    assert.deepEqual([status, description], [undefined, "State: Awaiting review"]);
  });

  test("is dated by the update, not by the detection", () => {
    const event = {
      OperationName: "detection_update",
      Attributes: { composite_id: "c", update_status: "x", new_state: "closed", resolution: "true_positive" },
      UTCTimestamp: 1768471800,
    };
    const { as_of, occurred_at, verdict, external_id } = alertOf(streamEvent("UserActivityAuditEvent", event));
    assert.deepEqual(
      [external_id, as_of, occurred_at, verdict],
      ["c", "2026-01-15T10:10:00.000Z", undefined, "true_positive"],
    );
  });

  test("of anything but a detection is an audit event", () => {
    const pairs = [
      { Key: "detection_id", ValueString: "d" },
      { Key: "new_state", ValueString: "closed" },
    ];
    for (const event of [
      { OperationName: "quarantined_file_update", AuditKeyValues: pairs },
      { OperationName: "detection_update", AuditKeyValues: pairs.slice(0, 1) },
      { OperationName: "detection_update", AuditKeyValues: pairs.slice(1) },
      { OperationName: "detection_update", AuditKeyValues: "closed" },
      { OperationName: "detection_update" },
      {},
    ]) {
      assert.equal(ignoredOf(streamEvent("UserActivityAuditEvent", event)), "audit event");
    }
  });
});

describe("the body of a workflow", () => {
  test("that Falcon sends by default is read whatever its keys belong to", () => {
    const alert = alertOf({
      data: {
        "incidents.hostname": "WS-1",
        "incidents.severity_name": "High",
        "incidents.composite_id": "c-1",
        "incidents.name": "",
        "incidents.status": "ignored",
      },
      meta: { trigger_category: "Incident", trigger_name: "New incident" },
    });
    const { type, title, severity, external_id, status, fallback } = alert;
    assert.deepEqual(
      [type, title, severity, external_id, status, fallback],
      ["endpoint_incident", "New incident", "high", "c-1", "closed", ["title"]],
    );
  });

  test("of one's own is read as the source's options say: keys with dots, or steps", () => {
    const fields = {
      id: "alert.key",
      title: "what.name",
      severity: "what.levels.0",
      host: "machine",
      user: "who",
      time: "when",
      updated: "changed",
      type: "kind",
      command_line: "what.missing.cmd",
    };
    const body = {
      "alert.key": 1719309930613520,
      what: { name: "Credential dumping", levels: ["critical"] },
      machine: "WS-1",
      who: ["a.smith", "b.smith"],
      when: 1768460400,
      changed: 1768464000,
      kind: "Credential Theft",
      description: "Found by its usual name",
    };
    assert.deepEqual(alertOf(body, { fields }), {
      type: "credential_theft",
      title: "Credential dumping",
      description: "Found by its usual name",
      severity: "critical",
      vendor_severity: "critical",
      external_id: "1719309930613520",
      occurred_at: "2026-01-15T07:00:00.000Z",
      as_of: "2026-01-15T08:00:00.000Z",
      entities: [
        { type: "host", role: "target", value: "WS-1" },
        { type: "user", role: "target", value: "a.smith" },
        { type: "user", role: "target", value: "b.smith" },
      ],
    });
  });

  test("that says nothing is refused, and is told what would help", () => {
    for (const [payload, path] of [
      [{ hello: "world" }, ""],
      [[{ title: "t" }, {}], "1"],
      [[5], "0"],
    ] as const) {
      assert.throws(() => plugin.map(payload, { source: "edr", options: {}, receivedAt: sampleTime }), {
        name: "PayloadError",
        path,
        message: /options\.fields says where these stand/,
      });
    }
  });

  test("finds nothing in what every object has", () => {
    const fields = { title: "constructor.name", description: "__proto__.toString" };
    const alert = alertOf({ id: "a" }, { fields });
    assert.deepEqual([alert.title, alert.description], ["Falcon endpoint detection", undefined]);
  });

  test("takes only fields that an alert has", () => {
    assert.match(plugin.options.validate({ fields: { titel: "a" } }).error?.message ?? "", /titel/);
  });
});

test("an empty list holds no alert", () => {
  assert.deepEqual(plugin.map([], { source: "edr", options: {}, receivedAt: sampleTime }), []);
});

test("only the event of a stream has an id of its own", () => {
  const metadata = { customerIDString: "c", offset: 7, eventCreationTime: creation };
  const event = streamEvent("DetectionSummaryEvent", { DetectId: "d" }, metadata);
  assert.equal(plugin.eventId(event, {}), `c:7:${creation}`);
  assert.equal(plugin.eventId([event], {}), `c:7:${creation}`);
  assert.equal(plugin.eventId([event, event], {}), undefined);
  assert.equal(plugin.eventId({ incident_id: "a", title: "t" }, {}), undefined, "or its closing would be a repetition");
});
