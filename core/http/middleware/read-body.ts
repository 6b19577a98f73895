import { koaBody } from "koa-body";
import { Refusal } from "../../errors.ts";
import type { Middleware } from "../context.ts";

const limit = "256kb";
const jsonTypes = ["json", "+json", "application/x-www-form-urlencoded"];

/**
 * Reads the JSON of a management request into `ctx.request.body`. `curl -d` without a header calls its JSON
 * `application/x-www-form-urlencoded`; a token is required here, so no browser's form can abuse that.
 */
export function readBody(): Middleware {
  const read = koaBody({ urlencoded: false, text: false, multipart: false, jsonLimit: limit, jsonTypes });
  return async (ctx, next) => {
    // False where there is a body of another type, null where there is none.
    const type = ctx.is(jsonTypes);
    if (type === false) {
      throw new Refusal("unsupported_media_type", { message: "Content type is not supported; send application/json" });
    }
    if (type !== null && !/^(identity)?$/i.test(ctx.get("content-encoding"))) {
      throw new Refusal("unsupported_media_type", {
        message: "Compressed bodies are not supported; send the body as it is",
      });
    }
    // A sender that asks first (`Expect: 100-continue`) waits for this before it sends the body.
    if (ctx.req.headers.expect !== undefined) ctx.res.writeContinue();
    await read(ctx, next);
  };
}
