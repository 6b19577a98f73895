import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/** Slack. The secret is the app's signing secret. https://docs.slack.dev/authentication/verifying-requests-from-slack */
export function slack(): ImmediateScheme {
  return hmac({
    name: "slack",
    header: "X-Slack-Signature",
    prefix: "v0=",
    signs: "v0:{timestamp}:{body}",
    timestamp: { header: "X-Slack-Request-Timestamp" },
  });
}
