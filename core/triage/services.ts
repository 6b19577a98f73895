import { ConsecutiveBreaker, circuitBreaker, handleAll, isBrokenCircuitError } from "cockatiel";
import type { GuardedAnswer, GuardedSend } from "../outbound/guarded-request.ts";
import { configured, type Outside, type Service } from "./outside.ts";
import type { ServiceAnswer, ServiceRequest, Services } from "./ports.ts";

const mostAnswers = 1_000;
/** Of an answer that is remembered, in bytes; what is larger is asked for again. */
const largestAnswer = 65_536;
/** After so many failures in a row a service is left alone for a while. */
const breaksAfter = 5;
const restsMs = 30_000;

export interface ServicesDependencies {
  /** What is configured now. */
  readonly outside: () => Outside;
  readonly send: GuardedSend;
  readonly now: () => Date;
}

/** Asks the services that are configured: nothing outside of their addresses, no longer and no more often than they allow. */
export function servicesOf({ outside, send, now }: ServicesDependencies): Services {
  const answers = new Map<string, { readonly answer: ServiceAnswer; readonly until: number }>();
  const breakers = new Map<string, ReturnType<typeof circuitBreaker>>();

  function breakerOf(name: string): ReturnType<typeof circuitBreaker> {
    const known = breakers.get(name);
    if (known !== undefined) return known;
    const made = circuitBreaker(handleAll, { halfOpenAfter: restsMs, breaker: new ConsecutiveBreaker(breaksAfter) });
    breakers.set(name, made);
    return made;
  }

  async function call(
    name: string,
    service: Service,
    url: string,
    request: ServiceRequest,
  ): Promise<{ readonly answer: ServiceAnswer; readonly bytes: number }> {
    const { method, body, key, signal } = request;
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const late = AbortSignal.timeout(service.timeout_seconds * 1_000);
    const ask = async (): Promise<GuardedAnswer> => {
      const answer = await send({
        method,
        url,
        below: baseOf(service).href,
        headers: {
          accept: "application/json",
          ...service.headers,
          ...(bytes !== undefined && { "content-type": "application/json" }),
          ...(key !== undefined && { "idempotency-key": key }),
        },
        ...(bytes !== undefined && { body: bytes }),
        signal: AbortSignal.any([signal, late]),
        allowPrivate: service.allow_private,
      });
      if (answer.status >= 500) throw new Error(`it answered ${answer.status}`);
      return answer;
    };
    try {
      const answer = await breakerOf(name).execute(ask);
      return { answer: { status: answer.status, body: bodyOf(answer), cached: false }, bytes: answer.body.length };
    } catch (error) {
      throw new Error(`the service "${name}" cannot be asked: ${reasonOf(error, service, late)}`, { cause: error });
    }
  }

  return {
    check: (name) => void configured("service", outside().services, name),
    async ask(name, request) {
      const service = configured("service", outside().services, name);
      const url = addressOf(service, request);
      // Two services can be at one address, each with a token of its own, which may be changed.
      const asked = JSON.stringify([name, service.headers, url]);
      const known = request.method === "GET" ? answers.get(asked) : undefined;
      if (known !== undefined && known.until > now().getTime()) return { ...known.answer, cached: true };
      const { answer, bytes } = await call(name, service, url, request);
      const isGood = request.method === "GET" && (answer.status < 300 || answer.status === 404);
      if (isGood && bytes <= largestAnswer && service.cache_seconds > 0) {
        answers.delete(asked);
        answers.set(asked, { answer, until: now().getTime() + service.cache_seconds * 1_000 });
        const [oldest] = answers.keys();
        if (answers.size > mostAnswers && oldest !== undefined) answers.delete(oldest);
      }
      return answer;
    },
  };
}

/** Below which its paths are. */
function baseOf({ url }: Service): URL {
  return new URL(url.endsWith("/") ? url : `${url}/`);
}

/** @throws where the path leads out of what is configured, by a host of its own, dots or a slash too many */
function addressOf(service: Service, { path, query = {} }: ServiceRequest): string {
  const base = path === "" ? new URL(service.url) : baseOf(service);
  const url = new URL(path.replace(/^\/+/, ""), base);
  if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname) || climbs(path)) {
    throw new Error(`the path "${path.slice(0, 100)}" leads out of ${base.origin}${base.pathname}`);
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, String(value));
  return url.href;
}

/** Whether a path goes up somewhere, also within the service: `hosts/../users`. */
function climbs(path: string): boolean {
  const [way = ""] = path.split(/[?#]/, 1);
  try {
    const plain = decodeURIComponent(way);
    return plain.includes("\\") || plain.split("/").some((segment) => segment === "." || segment === "..");
  } catch {
    return true;
  }
}

function bodyOf({ body, contentType }: GuardedAnswer): unknown {
  const text = body.toString("utf8");
  if (!/json/i.test(contentType)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function reasonOf(error: unknown, { timeout_seconds: seconds }: Service, late: AbortSignal): string {
  if (isBrokenCircuitError(error))
    return `it failed ${breaksAfter} times in a row and is left alone for ${restsMs / 1_000} s`;
  if (late.aborted) return `it did not answer within ${seconds} s`;
  return error instanceof Error ? error.message : String(error);
}
