import { bearer } from "./bearer.ts";
import type { Preset } from "./preset.ts";

/**
 * The alert as it stands in `alerts.json`, sent by an integration script, or around it what the built-in `shuffle` integration
 * sends (`all_fields`). https://documentation.wazuh.com/current/user-manual/manager/integration-with-external-apis.html
 */
export const wazuh = {
  title: "Wazuh",
  signature: bearer,
  map: {
    each: "all_fields",
    // The last group is the most particular one: syslog, sshd, authentication_failed.
    type: [{ jsonata: 'rule.groups[$ != ""][-1]' }, { value: "wazuh_alert" }],
    title: "rule.description",
    description: ["full_log", "data.win.system.message"],
    // The dashboard's own bands: low to 6, medium to 11, high to 14; 0 to 3 are authorised and successful events.
    severity: {
      path: "rule.level",
      lookup: {
        ...{ 0: "info", 1: "info", 2: "info", 3: "info", 4: "low", 5: "low", 6: "low" },
        ...{ 7: "medium", 8: "medium", 9: "medium", 10: "medium", 11: "medium" },
        ...{ 12: "high", 13: "high", 14: "high", 15: "critical", 16: "critical" },
      },
    },
    external_id: "id",
    occurred_at: "timestamp",
    tags: "rule.groups",
    entities: [
      { type: "host", role: "target", value: "agent.name" },
      { type: "ip", role: "target", value: "agent.ip" },
      { type: "user", role: "target", value: ["data.dstuser", "data.win.eventdata.targetUserName"] },
      { type: "user", role: "actor", value: ["data.srcuser", "data.win.eventdata.subjectUserName"] },
      { type: "ip", role: "source", value: ["data.srcip", "data.win.eventdata.ipAddress"] },
      { type: "ip", role: "destination", value: "data.dstip" },
      { type: "url", value: "data.url" },
      { type: "file", value: ["syscheck.path", "data.virustotal.source.file"] },
      { type: "hash", value: ["syscheck.sha256_after", "syscheck.sha1_after", "syscheck.md5_after"] },
      { type: "process", value: ["data.win.eventdata.commandLine", "data.win.eventdata.image", "data.command"] },
    ],
    mitre: { id: "rule.mitre.id", tactic: "rule.mitre.tactic", technique: "rule.mitre.technique" },
  },
} as const satisfies Preset;
