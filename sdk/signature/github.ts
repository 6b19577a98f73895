import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/**
 * GitHub, and Gitea and Forgejo that speak like it. The older `X-Hub-Signature` is SHA-1 and not taken: GitHub sends both.
 * https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
 */
export function github(): ImmediateScheme {
  return hmac({ name: "github", header: "X-Hub-Signature-256", prefix: "sha256=" });
}
