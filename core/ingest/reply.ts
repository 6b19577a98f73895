import type { Reply } from "@thruway/sdk";

const types: readonly string[] = ["text/plain", "application/json"] satisfies readonly Reply["type"][];
/** A challenge is a line; a plugin that answers more has not answered a challenge. */
const longestReply = 4_096;
const headerNames: readonly string[] = ["webhook-allowed-origin", "webhook-allowed-rate", "allow"];

/**
 * A plugin written in plain JavaScript can answer anything; what is sent must be a short text that no browser takes for a page.
 *
 * @throws {TypeError} where it is not: a bug of the plugin's
 */
export function checkReply(reply: Reply): Reply {
  const { status, type, body, headers = {} } = reply;
  if (!Number.isInteger(status) || status < 200 || status > 299)
    throw new TypeError("handshake: status must be 200 to 299");
  if (!types.includes(type)) throw new TypeError(`handshake: type must be ${types.join(" or ")}`);
  if (typeof body !== "string" || body.length > longestReply) {
    throw new TypeError(`handshake: body must be a text of at most ${longestReply} characters`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (!headerNames.includes(name)) throw new TypeError(`handshake: headers must be ${headerNames.join(", ")}`);
    if (!/^[\x20-\x7e]{0,512}$/.test(value)) throw new TypeError(`handshake: ${name} must be printable ASCII`);
  }
  return reply;
}
