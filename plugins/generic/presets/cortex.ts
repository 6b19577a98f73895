import { bearer } from "./bearer.ts";
import type { Preset } from "./preset.ts";

/**
 * An alert of Cortex XDR or XSIAM with the fields of `get_alerts`: what happened stands beside the alert's own fields (version 2
 * of the API, each a list) or under `events` (version 1). Several stand in `alerts` or `reply.alerts`.
 */
export const cortex = {
  title: "Palo Alto Networks Cortex XDR and XSIAM",
  signature: bearer,
  map: {
    each: ["reply.alerts", "alerts"],
    type: ["category", "alert_category", { value: "cortex_alert" }],
    title: ["name", "alert_name", "description"],
    description: "description",
    severity: {
      path: "severity",
      lookup: {
        sev_010_info: "info",
        sev_020_low: "low",
        sev_030_medium: "medium",
        sev_040_high: "high",
        sev_050_critical: "critical",
      },
    },
    external_id: ["alert_id", "external_id", "incident_id"],
    // STATUS_010_NEW, STATUS_020_UNDER_INVESTIGATION, STATUS_060_RESOLVED_FALSE_POSITIVE, STATUS_070_AUTO_RESOLVED …
    status: [
      { jsonata: '$contains(resolution_status, "RESOLVE") ? "resolved"' },
      { jsonata: '$contains(resolution_status, "UNDER_INVESTIGATION") ? "in_progress"' },
      { jsonata: '$contains(resolution_status, "_NEW") ? "new"' },
    ],
    verdict: [
      { jsonata: '$contains(resolution_status, "FALSE_POSITIVE") ? "false_positive"' },
      { jsonata: '$contains(resolution_status, "THREAT_HANDLED") ? "true_positive"' },
      { jsonata: '$contains(resolution_status, "TRUE_POSITIVE") ? "true_positive"' },
    ],
    as_of: "last_modified_ts",
    occurred_at: ["detection_timestamp", "event_timestamp", "creation_time", "local_insert_ts"],
    url: ["alert_link", "xdr_url"],
    tags: "tags",
    entities: [
      { type: "host", role: "target", value: ["host_name", "agent_hostname", "agent_fqdn"] },
      { type: "ip", role: "target", value: "host_ip" },
      { type: "user", role: "target", value: ["user_name", "events.user_name"] },
      { type: "ip", role: "source", value: ["action_local_ip", "events.action_local_ip"] },
      { type: "ip", role: "destination", value: ["action_remote_ip", "events.action_remote_ip"] },
      { type: "domain", value: ["dns_query_name", "events.dns_query_name"] },
      { type: "email", role: "sender", value: ["fw_email_sender", "events.fw_email_sender"] },
      { type: "email", role: "recipient", value: ["fw_email_recipient", "events.fw_email_recipient"] },
      { type: "file", value: ["action_file_path", "events.action_file_path"] },
      { type: "hash", value: ["action_file_sha256", "events.action_file_sha256"] },
      { type: "hash", value: ["actor_process_image_sha256", "events.actor_process_image_sha256"] },
      {
        type: "process",
        value: [
          ...["actor_process_command_line", "events.actor_process_command_line"],
          ...["actor_process_image_name", "events.actor_process_image_name"],
        ],
      },
      { type: "resource", value: ["cluster_name", "events.cluster_name", "referenced_resource"] },
    ],
    mitre: { id: "mitre_technique_id_and_name", tactic: "mitre_tactic_id_and_name" },
  },
} as const satisfies Preset;
