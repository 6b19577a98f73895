import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/**
 * Box: the body followed by the time. It signs with a primary and a secondary key at once, so that one can be changed while
 * the other is good; either will do, and the source's secrets are both, in any order.
 * https://developer.box.com/guides/webhooks/v2/signatures-v2
 */
export function box(): ImmediateScheme {
  return hmac({
    name: "box",
    header: ["BOX-SIGNATURE-PRIMARY", "BOX-SIGNATURE-SECONDARY"],
    encoding: "base64",
    signs: "{body}{timestamp}",
    timestamp: { header: "BOX-DELIVERY-TIMESTAMP", unit: "iso", toleranceSeconds: 600 },
  });
}
