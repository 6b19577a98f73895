import { single } from "../delivery.ts";
import { echoable, type Handshake, json } from "./handshake.ts";

/**
 * Okta asks by a GET, once for each event hook, to have a header's value repeated as JSON.
 * https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request
 */
export function oktaChallenge(): Handshake {
  return {
    before({ method, headers }) {
      const challenge = method === "GET" ? single(headers, "x-okta-verification-challenge") : undefined;
      if (challenge === undefined || challenge === "repeated") return undefined;
      const verification = echoable(challenge.value);
      return verification === undefined ? undefined : json({ verification });
    },
  };
}
