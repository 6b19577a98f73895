import {
  type AlertStatus,
  defined,
  distinct,
  type Entity,
  entities,
  link,
  record,
  type Severity,
  some,
  text,
  texts,
} from "@thruway/sdk";
import { each, type Family, type Fields, joined } from "./family.ts";
import { describe, latest } from "./wording.ts";

/** The common alert schema of Azure Monitor: https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema */
export const azureMonitor: Family = {
  title: "Azure Monitor alert",

  lacks(fields) {
    const { alertId, alertRule } = essentialsOf(fields);
    return [
      ...(text(fields.schemaId) === "azureMonitorCommonAlertSchema"
        ? []
        : ['the "schemaId" azureMonitorCommonAlertSchema']),
      ...((text(alertId) ?? text(alertRule)) === undefined ? ['"data.essentials.alertId" or "alertRule"'] : []),
    ];
  },

  read: each((fields) => {
    const alert = essentialsOf(fields);
    return defined({
      type: "azure_monitor_alert",
      title: text(alert.alertRule) ?? "Azure Monitor alert",
      description: describe(alert.description, {
        "Monitoring service": alert.monitoringService,
        Condition: alert.monitorCondition,
      }),
      severity: severities.get(text(alert.severity)?.toLowerCase() ?? ""),
      vendor_severity: text(alert.severity),
      external_id: idOf(alert),
      occurred_at: latest(alert.firedDateTime),
      as_of: latest(alert.resolvedDateTime, alert.firedDateTime),
      status: conditions.get(text(alert.monitorCondition)?.toLowerCase() ?? ""),
      url: link(alert.investigationLink),
      entities: some(targetsOf(alert)),
    });
  }),

  eventId(fields) {
    const { alertId, monitorCondition, firedDateTime, resolvedDateTime } = essentialsOf(fields);
    return joined(alertId, monitorCondition, text(resolvedDateTime) ?? firedDateTime);
  },
};

const severities: ReadonlyMap<string, Severity> = new Map([
  ["sev0", "critical"],
  ["sev1", "high"],
  ["sev2", "medium"],
  ["sev3", "low"],
  ["sev4", "info"],
]);

/** What has resolved itself needs nobody; a rule that fires again opens it again. */
const conditions: ReadonlyMap<string, AlertStatus> = new Map([
  ["fired", "new"],
  ["resolved", "closed"],
]);

function essentialsOf({ data }: Fields): Fields {
  return record(record(data).essentials);
}

/** What the monitoring service calls it stays the same whenever a rule fires for a target; an `alertId` is of one firing. */
function idOf(alert: Fields): string | undefined {
  const ofRule = joined(text(alert.alertRuleId) ?? alert.alertRule, texts(alert.alertTargetIDs).toSorted().join(" "));
  return text(alert.originAlertId) ?? text(alert.alertId) ?? ofRule;
}

const machine = /\/providers\/microsoft\.(?:compute\/virtualmachines|hybridcompute\/machines)\/([^/]+)$/i;

function targetsOf({ alertTargetIDs, configurationItems }: Fields): readonly Entity[] {
  const targets = texts(alertTargetIDs);
  return distinct([
    ...entities(
      "host",
      "target",
      targets.map((target) => machine.exec(target)?.[1]),
    ),
    ...entities("resource", "target", targets.length > 0 ? targets : texts(configurationItems)),
  ]);
}
