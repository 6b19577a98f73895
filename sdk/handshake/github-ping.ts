import { ignore } from "../alert.ts";
import { single } from "../delivery.ts";
import type { Handshake } from "./handshake.ts";

/**
 * GitHub sends a ping, signed like its events, when a webhook is made. Any 2xx will do, and the operator sees that it came.
 * https://docs.github.com/webhooks/webhook-events-and-payloads#ping
 */
export function githubPing(): Handshake {
  return {
    after({ headers }) {
      const event = single(headers, "x-github-event");
      return event !== undefined && event !== "repeated" && event.value === "ping"
        ? ignore("ping of GitHub")
        : undefined;
    },
  };
}
