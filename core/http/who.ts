import type { Who } from "../access/who.ts";
import type { Context } from "./context.ts";

/** Whose token came with a request; `authorize` has let it through. */
export function whoOf({ state: { token, requestId } }: Context): Who {
  return { by: token?.name ?? "", token_id: token?.id ?? "", request_id: requestId };
}

/** Who asks, as timelines and runs name them: `analyst:<name of the token>`. */
export function analystOf(ctx: Context): string {
  return `analyst:${whoOf(ctx).by}`;
}
