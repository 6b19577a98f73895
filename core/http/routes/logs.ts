import { setTimeout as pause } from "node:timers/promises";
import type Router from "@koa/router";
import joi from "joi";
import { Refusal } from "../../errors.ts";
import { FilterError, type LineFilters, levels, lineMatcher, type Matches } from "../../telemetry/log-filter.ts";
import { type OnPage, type Place, readBack, readOn, type Wanted } from "../../telemetry/read-log.ts";
import type { Context, Middleware, State } from "../context.ts";
import { listParameters, readQuery } from "../query.ts";

export interface LogRoutesDependencies {
  /** Where the files of the log are; `undefined` where none are kept. */
  readonly logFolder: string | undefined;
  readonly now: () => Date;
  readonly isStopping: () => boolean;
}

interface Query extends LineFilters {
  readonly limit: number;
  readonly cursor?: Place;
  readonly after?: Place;
  readonly wait: number;
}

const { limit, since, until } = listParameters;
const place = joi.string().custom((value: string, helpers) => placeOf(value) ?? helpers.error("any.invalid"));
/** Shorter than the 30 s after which clients and proxies give up. */
const longestWaitSeconds = 20;
const lookEveryMs = 200;
/** Of requests that wait for lines in one process. */
const mostFollowers = 32;

export const logQuery: joi.ObjectSchema<Query> = joi
  .object<Query>({
    limit,
    since,
    until,
    cursor: place,
    after: place,
    wait: joi.number().integer().min(0).max(longestWaitSeconds).default(0),
    level: joi.string().valid(...Object.keys(levels)),
    source: joi.string(),
    filter: joi.string().custom((value: string, helpers) => {
      try {
        lineMatcher({ filter: value });
        return value;
      } catch (error) {
        if (!(error instanceof FilterError)) throw error;
        return helpers.message({ custom: `{#label} ${error.message.replaceAll(/[{}]/g, "")}` });
      }
    }),
  })
  .without("after", ["cursor", "until"]);

/** `/api/logs`: the log of this machine's processes, newest first; with `after` and `wait` what comes next, as it comes. */
export function logRoutes(router: Router<State>, manage: readonly Middleware[], deps: LogRoutesDependencies): void {
  let followers = 0;

  async function follow(ctx: Context, after: Place, query: Query, matches: Matches): Promise<OnPage> {
    if (query.wait > 0 && followers >= mostFollowers) {
      const message = `${mostFollowers} requests wait for lines of the log already`;
      throw new Refusal("rate_limited", { message, retryAfterSeconds: longestWaitSeconds });
    }
    followers += 1;
    try {
      return await nextLines(ctx, folderOf(deps), { ...query, after, matches }, deps);
    } finally {
      followers -= 1;
    }
  }

  router.get("/api/logs", ...manage, async (ctx) => {
    const query = readQuery(ctx, logQuery);
    const matches = lineMatcher(query);
    if (query.after !== undefined) {
      const { data, next } = await follow(ctx, query.after, query, matches);
      ctx.body = { data, meta: { next_cursor: null, end_cursor: cursorOf(next) } };
      return;
    }
    const { data, next, end } = await readBack(folderOf(deps), { ...query, before: query.cursor, matches });
    ctx.body = { data, meta: { next_cursor: next === undefined ? null : cursorOf(next), end_cursor: cursorOf(end) } };
  });
}

/** Looks again and again, until there are lines, or nobody waits for them any more. */
async function nextLines(
  ctx: Context,
  folder: string,
  query: Wanted & { readonly after: Place; readonly wait: number },
  { now, isStopping }: LogRoutesDependencies,
): Promise<OnPage> {
  const until = now().getTime() + query.wait * 1_000;
  let { after } = query;
  for (;;) {
    const page = await readOn(folder, { ...query, after, now: now() });
    if (page.data.length > 0 || now().getTime() >= until || isStopping() || ctx.req.socket.destroyed) return page;
    after = page.next;
    await pause(lookEveryMs);
  }
}

function folderOf({ logFolder }: LogRoutesDependencies): string {
  if (logFolder !== undefined) return logFolder;
  throw new Refusal("not_found", { message: "No log is kept here: TW_LOG_FILES is 0" });
}

function cursorOf({ file, offset }: Place): string {
  return Buffer.from(`${file}:${offset}`, "latin1").toString("base64url");
}

function placeOf(cursor: string): Place | undefined {
  const [, file, offset] = /^(\d{1,15}):(\d{1,15})$/.exec(Buffer.from(cursor, "base64url").toString("latin1")) ?? [];
  return file === undefined ? undefined : { file: Number(file), offset: Number(offset) };
}
