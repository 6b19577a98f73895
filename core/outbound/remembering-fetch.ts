import { type Fetch, type Fetched, type FetchRequest, isFetchable } from "@thruway/sdk";
import type { Logger } from "pino";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { messageOf } from "../errors.ts";
import type { HttpGet } from "./http-get.ts";

const mostAnswers = 64;
const mostFailures = 256;
/** So long nobody is asked again who has just failed. */
const failureLastsMs = 10_000;
/** So long an answer has to do although it lacks something: a key that nobody has would else be asked for without end. */
const leastAgeMs = 30_000;
/** Of one host, or of one pattern of hosts: a stranger may be able to choose the address within it. */
const asksPerMinute = 30;

export interface FetchDependencies {
  readonly get: HttpGet;
  readonly now: () => Date;
  readonly log: Logger;
}

/**
 * The port by which schemes and handshakes get keys and certificates. Strangers can make it work, so it asks little: answers
 * and failures are remembered, requests for the same are one, and of each host there are only so many.
 */
export function rememberingFetch({ get, now, log }: FetchDependencies): Fetch {
  const answers = new Map<string, Fetched & { readonly ok: true }>();
  const failures = new Map<string, number>();
  const underway = new Map<string, Promise<Fetched>>();
  const budget = new RateLimiterMemory({ points: asksPerMinute, duration: 60 });

  function remembered({ url, freshForSeconds, newerThan }: FetchRequest): Fetched | undefined {
    const answer = answers.get(url);
    const ageMs = answer === undefined ? Number.POSITIVE_INFINITY : now().getTime() - answer.at.getTime();
    if (answer !== undefined && ageMs < freshForSeconds * 1_000) {
      const isNewer = newerThan === undefined || answer.at > newerThan;
      if (isNewer || ageMs < leastAgeMs) return answer;
    }
    const failedAt = failures.get(url);
    return failedAt !== undefined && now().getTime() - failedAt < failureLastsMs ? { ok: false } : undefined;
  }

  async function ask(request: FetchRequest): Promise<Fetched> {
    const { url } = request;
    try {
      await budget.consume(String(request.host)).catch(() => {
        throw new Error("too much was asked of it in the last minute");
      });
      const answer = { ok: true, text: await get(url), at: now() } as const;
      failures.delete(url);
      if (request.freshForSeconds > 0) remember(answers, url, answer, mostAnswers);
      return answer;
    } catch (error) {
      remember(failures, url, now().getTime(), mostFailures);
      log.warn({ url: withoutQuery(url), reason: messageOf(error) }, "Vendor could not be asked");
      return { ok: false };
    }
  }

  return (request) => {
    if (!mayBeAsked(request)) {
      log.warn({ url: withoutQuery(request.url), reason: "it is not an address to ask" }, "Vendor could not be asked");
      return Promise.resolve({ ok: false });
    }
    const known = remembered(request);
    if (known !== undefined) return Promise.resolve(known);
    const asked = underway.get(request.url) ?? ask(request).finally(() => underway.delete(request.url));
    underway.set(request.url, asked);
    return asked;
  };
}

/** The scheme has looked at the address; this looks again, since what it lets through is a connection from inside. */
function mayBeAsked({ url, host }: FetchRequest): boolean {
  if (!isFetchable(url)) return false;
  const asked = new URL(url).host;
  return typeof host === "string" ? asked === host : host.test(asked);
}

/** Keeps the newest. */
function remember<T>(all: Map<string, T>, url: string, value: T, most: number): void {
  all.delete(url);
  all.set(url, value);
  const [oldest] = all.keys();
  if (all.size > most && oldest !== undefined) all.delete(oldest);
}

/** The query can hold a token. */
function withoutQuery(url: string): string {
  return url.split("?")[0]?.slice(0, 300) ?? "";
}
