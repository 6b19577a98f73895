import { echoable, type Handshake, plainText } from "./handshake.ts";

/**
 * Microsoft Graph asks the address of a subscription to repeat a token, decoded and as plain text, within 10 s.
 * https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation
 */
export function graphValidation(): Handshake {
  return {
    before({ method, query, headers }) {
      if (method !== "POST") return undefined;
      // A parameter of a subscription's own URL comes with every notification: those are JSON, the validation is not.
      if (headers["content-type"]?.some((type) => type.includes("json"))) return undefined;
      const [token, ...others] = query.getAll("validationToken");
      const echo = others.length > 0 ? undefined : echoable(token);
      return echo === undefined ? undefined : plainText(echo);
    },
  };
}
