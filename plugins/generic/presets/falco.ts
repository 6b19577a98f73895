import { bearer } from "./bearer.ts";
import type { Preset } from "./preset.ts";

/** An event of Falco's own `http_output`, with `json_output: true`, or of the webhook of falcosidekick. */
export const falco = {
  title: "Falco",
  signature: bearer,
  map: {
    type: ["rule", { value: "falco_alert" }],
    title: "rule",
    description: "output",
    severity: {
      path: "priority",
      lookup: {
        ...{ emergency: "critical", alert: "critical", critical: "critical", error: "high", warning: "medium" },
        ...{ notice: "low", informational: "info", debug: "info" },
      },
    },
    external_id: "uuid",
    event_id: "uuid",
    occurred_at: "time",
    tags: "tags",
    entities: [
      { type: "host", role: "target", value: ["hostname", 'output_fields["evt.hostname"]'] },
      { type: "resource", role: "target", value: 'output_fields["k8s.pod.name"]' },
      // Outside of a container its id and its name are "host".
      {
        type: "resource",
        role: "target",
        value: [
          { jsonata: 'output_fields."container.id" != "host" ? output_fields."container.name"' },
          { jsonata: 'output_fields."container.id"[$ != "host"]' },
        ],
      },
      { type: "user", role: "actor", value: ['output_fields["user.name"]', 'output_fields["ka.user.name"]'] },
      { type: "process", value: ['output_fields["proc.cmdline"]', 'output_fields["proc.name"]'] },
      // Of a connection it is `10.0.0.1:50000->10.0.0.2:443`, and the addresses have fields of their own.
      { type: "file", value: { jsonata: 'output_fields."fd.name"[$substring($, 0, 1) = "/"]' } },
      { type: "ip", role: "source", value: 'output_fields["fd.cip"]' },
      { type: "ip", role: "destination", value: 'output_fields["fd.sip"]' },
    ],
    // The rules are tagged with both: T1059.004, mitre_privilege_escalation.
    mitre: {
      id: { jsonata: 'tags[$substring($, 0, 1) = "T" and $contains("A0123456789", $substring($, 1, 1))]' },
      tactic: { jsonata: 'tags[$substring($, 0, 6) = "mitre_"].$replace($substring($, 6), "_", " ")' },
    },
  },
} as const satisfies Preset;
