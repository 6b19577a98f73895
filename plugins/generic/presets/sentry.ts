import type { Preset } from "./preset.ts";

/** The tags are pairs: `["server_name", "app-03"]`. */
const serverName = '($pair := $filter(data.event.tags, function($tag) { $tag[0] = "server_name" }); $pair[1])';

/**
 * Issue alerts, metric alerts and issues of an internal integration.
 * https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
 */
export const sentry = {
  title: "Sentry",
  signature: { scheme: "sentry" },
  map: {
    ignore_when: [
      {
        jsonata: "$not($exists(data.event) or $exists(data.metric_alert) or $exists(data.issue))",
        reason: "neither an alert nor an issue",
      },
      { path: "action", is: "assigned" },
    ],
    type: {
      jsonata: '$exists(data.metric_alert) ? "metric_alert" : $exists(data.event) ? "issue_alert" : "issue"',
    },
    title: ["data.event.title", "data.description_title", "data.issue.title", "data.metric_alert.title"],
    description: [
      "data.description_text",
      { jsonata: 'data.triggered_rule ? "Alert rule: " & data.triggered_rule' },
      "data.event.culprit",
      "data.issue.culprit",
    ],
    severity: [
      "data.event.level",
      "data.issue.level",
      { path: "action", lookup: { critical: "critical", warning: "medium" } },
    ],
    // An issue and the alerts about it have one id; those of metric alerts are counted apart.
    external_id: [
      "data.event.issue_id",
      "data.issue.id",
      { jsonata: 'data.metric_alert.id ? "metric-alert-" & data.metric_alert.id' },
    ],
    status: { path: "action", lookup: { unresolved: "new", archived: "closed" } },
    occurred_at: [
      ...["data.event.datetime", "data.event.timestamp", "data.issue.lastSeen"],
      ...["data.metric_alert.date_started", "data.metric_alert.date_detected"],
    ],
    url: ["data.event.web_url", "data.issue.web_url", "data.issue.permalink", "data.web_url"],
    tags: "data.event.environment",
    entities: [
      { type: "host", role: "target", value: { jsonata: serverName } },
      { type: "user", value: ["data.event.user.username", "data.event.user.id"] },
      { type: "email", value: "data.event.user.email" },
      { type: "ip", role: "source", value: "data.event.user.ip_address" },
      { type: "url", value: "data.event.request.url" },
      { type: "resource", role: "target", value: ["data.issue.project.slug", "data.metric_alert.projects"] },
    ],
  },
} as const satisfies Preset;
