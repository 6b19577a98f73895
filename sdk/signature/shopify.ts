import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/** Shopify. It signs no time. https://shopify.dev/docs/apps/build/webhooks/subscribe/https#step-2-validate-the-origin-of-your-webhook */
export function shopify(): ImmediateScheme {
  return hmac({ name: "shopify", header: "X-Shopify-Hmac-Sha256", encoding: "base64" });
}
