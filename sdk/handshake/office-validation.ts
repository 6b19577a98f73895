import { single } from "../delivery.ts";
import { record } from "../read.ts";
import { echoable, type Handshake, plainText, smallJson } from "./handshake.ts";

/**
 * The Office 365 Management Activity API posts a code, in a header and in the body, and wants a 200 and no more.
 * https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference#webhook-validation
 */
export function officeValidation(): Handshake {
  return {
    before({ method, headers, body }) {
      const code = method === "POST" ? single(headers, "webhook-validationcode") : undefined;
      if (code === undefined || code === "repeated" || echoable(code.value) === undefined) return undefined;
      return record(smallJson(body)).validationCode === code.value ? plainText("") : undefined;
    },
  };
}
