import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/**
 * Stripe, and the many that copied it: `t=<seconds>,v1=<hex>` with a `v1` for each active secret. The whole secret is the
 * key, `whsec_` included. Parts of another version, `v0` of Stripe's test mode, are passed over.
 * https://docs.stripe.com/webhooks#verify-manually
 *
 * @param options.header default `Stripe-Signature`
 */
export function stripe({ header = "Stripe-Signature" }: { readonly header?: string } = {}): ImmediateScheme {
  return hmac({
    name: "stripe",
    header,
    separator: ",",
    prefix: "v1=",
    signs: "{timestamp}.{body}",
    timestamp: { prefix: "t=" },
  });
}
