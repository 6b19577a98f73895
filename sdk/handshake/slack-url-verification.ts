import { record } from "../read.ts";
import { echoable, type Handshake, plainText, smallJson } from "./handshake.ts";

/**
 * Slack's Events API posts a challenge, signed like its events, when the address is entered, and wants it back.
 * https://docs.slack.dev/reference/events/url_verification
 */
export function slackUrlVerification(): Handshake {
  return {
    after({ method, body }) {
      if (method !== "POST" || !mayBeOne(body)) return undefined;
      const { type, challenge } = record(smallJson(body));
      const echo = type === "url_verification" ? echoable(challenge) : undefined;
      return echo === undefined ? undefined : plainText(echo);
    },
  };
}

/** Cheap, since every event is asked. */
function mayBeOne(body: Uint8Array): boolean {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes("url_verification");
}
