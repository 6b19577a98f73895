import { type Headers, type Reply, single } from "../delivery.ts";
import { record } from "../read.ts";
import { echoable, type Handshake, json, smallJson } from "./handshake.ts";

const eventType = "Microsoft.EventGrid.SubscriptionValidationEvent";

/**
 * Azure Event Grid posts an event of its own with a code, and wants it back. For the schema of CloudEvents it asks by an
 * OPTIONS whether it may send, and wants its origin and its rate back.
 * https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/http-webhook.md#4-abuse-protection
 */
export function eventGridValidation(): Handshake {
  return {
    before({ method, headers, body }) {
      if (method === "OPTIONS") return allowed(headers);
      const type = method === "POST" ? single(headers, "aeg-event-type") : undefined;
      if (type === undefined || type === "repeated" || type.value !== "SubscriptionValidation") return undefined;
      const events = smallJson(body);
      if (!Array.isArray(events) || events.length !== 1) return undefined;
      const event = record(events[0]);
      const code = event.eventType === eventType ? echoable(record(event.data).validationCode) : undefined;
      return code === undefined ? undefined : json({ validationResponse: code });
    },
  };
}

/** The rate is in requests a minute: what it asks for may come, since the source's own limit stands behind it. */
function allowed(headers: Headers): Reply | undefined {
  const [origin, rate] = [echoed(headers, "webhook-request-origin"), echoed(headers, "webhook-request-rate")];
  if (origin === undefined) return undefined;
  return {
    status: 200,
    type: "text/plain",
    body: "",
    headers: { allow: "POST", "webhook-allowed-origin": origin, ...(rate && { "webhook-allowed-rate": rate }) },
  };
}

function echoed(headers: Headers, name: string): string | undefined {
  const header = single(headers, name);
  return header === undefined || header === "repeated" ? undefined : echoable(header.value);
}
