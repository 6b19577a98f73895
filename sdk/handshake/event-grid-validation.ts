import { single } from "../delivery.ts";
import { record } from "../read.ts";
import { echoable, type Handshake, json, smallJson } from "./handshake.ts";

const eventType = "Microsoft.EventGrid.SubscriptionValidationEvent";

/**
 * Azure Event Grid posts an event of its own with a code, and wants it back.
 * https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
 */
export function eventGridValidation(): Handshake {
  return {
    before({ method, headers, body }) {
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
