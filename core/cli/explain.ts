import { inspect } from "node:util";
import { UserError } from "../errors.ts";
import { inOneLine } from "../validate.ts";
import { ApiError } from "./client.ts";

/** What a person is told of an error: a line for what they can mend, every detail on its own line; a bug with its stack. */
export function explain(error: unknown): string {
  if (error instanceof UserError) return error.message;
  if (error instanceof ApiError) return [headline(error), ...error.details.map(detailLine)].join("\n");
  return `This is a bug in tw-cli: ${inspect(error)}`;
}

function headline({ message, code, details, status, requestId }: ApiError): string {
  // The API's sentence repeats its details for those who see nothing else.
  const repeated = `: ${inOneLine(details)}`;
  const sentence = details.length > 0 && message.endsWith(repeated) ? message.slice(0, -repeated.length) : message;
  return `${sentence} (${code}${status >= 500 && requestId !== undefined ? `, request ${requestId}` : ""})`;
}

function detailLine({ path, message }: { readonly path: string; readonly message: string }): string {
  return `  ${path === "" ? "" : `${path}: `}${message}`;
}
