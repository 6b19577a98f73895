import type { Who } from "../access/who.ts";
import type { Context } from "./context.ts";

/** Whose token came with a request; `authorize` has let it through. */
export function whoOf({ state: { token, requestId } }: Context): Who {
  return { by: token?.name ?? "", token_id: token?.id ?? "", request_id: requestId };
}
