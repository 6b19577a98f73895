import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/**
 * PagerDuty's webhooks of version 3: a `v1=` for each active secret, joined by commas. It signs no time.
 * https://developer.pagerduty.com/docs/verifying-webhook-signatures
 */
export function pagerduty(): ImmediateScheme {
  return hmac({ name: "pagerduty", header: "X-PagerDuty-Signature", separator: ",", prefix: "v1=" });
}
