import { anyOf } from "./any-of.ts";
import type { ImmediateScheme } from "./scheme.ts";
import { standardWebhooks } from "./standard-webhooks.ts";

/**
 * Svix, which Standard Webhooks came from: the same under `svix-id`, `svix-timestamp` and `svix-signature`, or under the
 * names of the standard. https://docs.svix.com/receiving/verifying-payloads/how-manual
 */
export function svix(): ImmediateScheme {
  const schemes = [standardWebhooks({ name: "svix", headers: "svix" }), standardWebhooks({ name: "svix" })] as const;
  return { ...anyOf(...schemes), name: "svix" };
}
