import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/**
 * Sentry's integration platform; the secret is the integration's client secret. `Sentry-Hook-Timestamp` is not signed and so
 * proves nothing. Older installations call the header `Sentry-App-Signature`.
 * https://docs.sentry.io/organization/integrations/integration-platform/webhooks/
 */
export function sentry(): ImmediateScheme {
  return hmac({ name: "sentry", header: ["Sentry-Hook-Signature", "Sentry-App-Signature"] });
}
