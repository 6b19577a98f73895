import type { Preset } from "./preset.ts";

/** V3 webhooks about incidents. https://developer.pagerduty.com/docs/webhooks-overview */
export const pagerduty = {
  title: "PagerDuty",
  signature: { scheme: "pagerduty" },
  map: {
    // The others are about notes, responders and services, and do not carry the incident.
    ignore_when: {
      path: "event.event_type",
      is_not: [
        ...["incident.triggered", "incident.acknowledged", "incident.unacknowledged", "incident.resolved"],
        ...["incident.reopened", "incident.escalated", "incident.delegated", "incident.reassigned"],
        ...["incident.priority_updated", "incident.service_updated"],
      ],
    },
    type: { value: "pagerduty_incident" },
    title: ["event.data.title", "event.data.summary"],
    severity: [
      {
        path: "event.data.priority.summary",
        lookup: { p1: "critical", p2: "high", p3: "medium", p4: "low", p5: "info" },
      },
      { path: "event.data.urgency", lookup: { high: "high", low: "low" } },
    ],
    external_id: "event.data.id",
    event_id: "event.id",
    status: "event.data.status",
    occurred_at: ["event.data.created_at", "event.occurred_at"],
    as_of: "event.occurred_at",
    url: "event.data.html_url",
    tags: "event.data.teams.summary",
    entities: [{ type: "resource", role: "target", value: "event.data.service.summary" }],
  },
} as const satisfies Preset;
