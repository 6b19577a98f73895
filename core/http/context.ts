import type Koa from "koa";
import type { TokenRecord } from "../store/ports.ts";

/** What the middleware adds to a request. */
export interface State extends Koa.DefaultState {
  /** UUID v7; stands in the answer's `x-request-id`, in errors and in the log. A delivery's id is its request's. */
  requestId: string;
  receivedAt: Date;
  /** That of a management request, once it is found to be a known one. */
  token?: TokenRecord;
}

export type Context = Koa.ParameterizedContext<State>;
export type Middleware = Koa.Middleware<State>;
