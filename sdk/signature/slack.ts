import { formAsJson, formContentType, formFields } from "../form.ts";
import { hmac } from "./hmac.ts";
import type { ImmediateScheme } from "./scheme.ts";

/**
 * Slack. The secret is the app's signing secret. Events are JSON; a command is a form, and an interaction a form with the
 * event in `payload`. https://docs.slack.dev/authentication/verifying-requests-from-slack
 */
export function slack(): ImmediateScheme {
  const signed = hmac({
    name: "slack",
    header: "X-Slack-Signature",
    prefix: "v0=",
    signs: "v0:{timestamp}:{body}",
    timestamp: { header: "X-Slack-Request-Timestamp" },
  });
  return { ...signed, contentTypes: [formContentType], unwrap };
}

function unwrap(body: Uint8Array, contentType: string | undefined): Uint8Array | undefined {
  const payload = formFields(body, contentType)?.get("payload");
  return typeof payload === "string" ? Buffer.from(payload) : formAsJson(body, contentType);
}
