import {
  defined,
  definePlugin,
  entities,
  hmac,
  ignore,
  instant,
  joi,
  link,
  record,
  severityOf,
  snakeCase,
  some,
  text,
} from "@thruway/sdk";

/** What every webhook has, and what only an alert has. */
interface Payload {
  readonly event_id: string;
  readonly event: string;
  readonly alert?: Readonly<Record<string, unknown>>;
}

export default definePlugin<Record<string, never>, Payload>({
  name: "my-sender",
  title: "My Sender",

  signature: hmac({
    header: "X-My-Sender-Signature",
    prefix: "sha256=",
    signs: "{timestamp}.{body}",
    timestamp: { header: "X-My-Sender-Timestamp", unit: "s" },
  }),

  // Senders add fields and leave some out: ask for what map cannot do without, and no more.
  payload: joi
    .object<Payload>({
      event_id: joi.string().required(),
      event: joi.string().required(),
      alert: joi.object().unknown(),
    })
    .unknown(),

  fits(payload) {
    const { event_id, event } = record(payload);
    return text(event_id) !== undefined && text(event) !== undefined ? 0.8 : 0;
  },

  eventId: ({ event_id }) => text(event_id),

  map({ event, alert }) {
    if (alert === undefined) return ignore(`no alert: ${event}`);
    return defined({
      type: snakeCase(event) || "alert",
      title: text(alert.title) ?? "Alert of My Sender",
      description: text(alert.description),
      severity: severityOf(alert.severity),
      vendor_severity: text(alert.severity),
      external_id: text(alert.id),
      occurred_at: instant(alert.time),
      url: link(alert.url),
      entities: some([...entities("host", "target", alert.host), ...entities("user", "target", alert.user)]),
    });
  },

  example: { event_id: "evt-0", event: "test", alert: { id: "alert-0", title: "Test alert", severity: "low" } },
});
