import type Koa from "koa";

/** What the middleware adds to a request. */
export interface State extends Koa.DefaultState {
  /** UUID v7; stands in the answer's `x-request-id`, in errors and in the log. A delivery's id is its request's. */
  requestId: string;
  receivedAt: Date;
}

export type Context = Koa.ParameterizedContext<State>;
export type Middleware = Koa.Middleware<State>;
