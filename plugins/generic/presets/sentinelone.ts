import { bearer } from "./bearer.ts";
import type { Preset } from "./preset.ts";

/** A threat, or an alert of a custom (STAR) rule, as the API and what relays it write them; several in a list under `data`. */
export const sentinelone = {
  title: "SentinelOne",
  signature: bearer,
  map: {
    each: "data",
    type: ["threatInfo.classification", "alertInfo.indicatorCategory", { value: "sentinelone_alert" }],
    title: [
      { jsonata: 'threatInfo.threatName ? threatInfo.classification & ": " & threatInfo.threatName' },
      "ruleInfo.name",
    ],
    description: [
      "ruleInfo.description",
      "alertInfo.indicatorDescription",
      { jsonata: '$join(indicators.description, "\\n")' },
    ],
    severity: [
      "ruleInfo.severity",
      { path: "threatInfo.confidenceLevel", lookup: { malicious: "high", suspicious: "medium" } },
    ],
    external_id: ["threatInfo.threatId", "alertInfo.alertId", "id"],
    status: {
      path: ["threatInfo.incidentStatus", "alertInfo.incidentStatus"],
      lookup: { unresolved: "new" },
    },
    verdict: ["threatInfo.analystVerdict", "alertInfo.analystVerdict"],
    as_of: ["threatInfo.updatedAt", "alertInfo.updatedAt"],
    occurred_at: ["threatInfo.identifiedAt", "threatInfo.createdAt", "alertInfo.createdAt"],
    tags: ["threatInfo.detectionEngines.title", "alertInfo.source"],
    entities: [
      {
        type: "host",
        role: "target",
        value: ["agentRealtimeInfo.agentComputerName", "agentRealtimeInfo.name", "agentDetectionInfo.name"],
      },
      { type: "ip", role: "target", value: ["agentDetectionInfo.agentIpV4", "alertInfo.srcMachineIp"] },
      {
        type: "user",
        role: "target",
        value: ["threatInfo.processUser", "sourceProcessInfo.user", "agentDetectionInfo.agentLastLoggedInUserName"],
      },
      { type: "ip", role: "source", value: "alertInfo.srcIp" },
      { type: "ip", role: "destination", value: "alertInfo.dstIp" },
      { type: "domain", value: "alertInfo.dnsRequest" },
      { type: "file", value: ["threatInfo.filePath", "targetProcessInfo.tgtFilePath"] },
      { type: "hash", value: ["threatInfo.sha256", "sourceProcessInfo.fileHashSha256"] },
      { type: "hash", value: ["threatInfo.sha1", "sourceProcessInfo.fileHashSha1"] },
      { type: "process", value: ["sourceProcessInfo.commandline", "threatInfo.originatorProcess"] },
    ],
    mitre: { id: "indicators.tactics.techniques.name", tactic: "indicators.tactics.name" },
  },
} as const satisfies Preset;
