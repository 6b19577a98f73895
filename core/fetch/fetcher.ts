import type { FetchAccess, Pointer } from "@thruway/sdk";
import { messageOf } from "../errors.ts";
import { readBounded, TooLarge } from "../read-bounded.ts";
import { allowed } from "./address.ts";
import { retryAfterMs } from "./retry-after.ts";
import { createTokens, TokenError, type TokensDependencies } from "./tokens.ts";

/** What became of a pointer. `gone` is final as far as the answer goes; `failed` may be better in a while. */
export type Fetched =
  | { readonly kind: "got"; readonly url: string; readonly bytes: Uint8Array }
  | { readonly kind: "gone"; readonly url: string; readonly reason: string }
  | { readonly kind: "failed"; readonly url: string; readonly reason: string; readonly retryAfterMs?: number };

/** A request for what is pointed at, once it is over. */
export interface FetchTime {
  /** That was asked. */
  readonly host: string;
  /** When it began, and how long it took, in milliseconds of a clock that only rises. */
  readonly start_ms: number;
  readonly ms: number;
  /** That was answered, where anything was. */
  readonly status?: number;
  readonly ok: boolean;
}

export interface Fetcher {
  /**
   * Fetches what is pointed at, each once, within bounds of time and size. It throws nothing that the other side can cause.
   *
   * @param signal ends it early: what is left then counts as failed
   * @param onFetch told of each request that was made
   */
  fetchAll(
    pointers: readonly Pointer[],
    access: FetchAccess,
    signal: AbortSignal,
    onFetch?: (fetch: FetchTime) => void,
  ): Promise<readonly Fetched[]>;
}

export interface FetcherLimits {
  readonly atOnce: number;
  readonly requestMs: number;
  /** Of all together: shorter than the lease of a queued delivery, or another worker takes it up meanwhile. */
  readonly totalMs: number;
  readonly largestBytes: number;
  readonly totalBytes: number;
}

const defaultLimits: FetcherLimits = {
  atOnce: 6,
  requestMs: 10_000,
  totalMs: 20_000,
  largestBytes: 8 * 1_048_576,
  totalBytes: 32 * 1_048_576,
};

/** @param limits tests set smaller ones */
export function createFetcher(
  { fetch = globalThis.fetch, now = Date.now }: Partial<TokensDependencies> = {},
  limits: FetcherLimits = defaultLimits,
): Fetcher {
  const tokens = createTokens({ fetch, now });

  async function request(url: URL, pointer: Pointer, access: FetchAccess, signal: AbortSignal): Promise<Response> {
    const token = await tokens.get(access, pointer.scope, signal);
    const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
    return await fetch(url, { headers, redirect: "manual", signal });
  }

  async function fetchOne(
    pointer: Pointer,
    access: FetchAccess,
    { room, all, onFetch }: { readonly room: number; readonly all: AbortSignal; readonly onFetch: OnFetch },
  ): Promise<Fetched> {
    const url = allowed(pointer.url, access.origins);
    if (url === undefined)
      return { kind: "gone", url: pointer.url, reason: "leads to where this source fetches nothing" };
    const signal = AbortSignal.any([all, AbortSignal.timeout(limits.requestMs)]);
    const since = performance.now();
    const over = (done: Pick<FetchTime, "ok" | "status">): void =>
      onFetch({ host: url.hostname, start_ms: since, ms: performance.now() - since, ...done });
    try {
      let response = await request(url, pointer, access, signal);
      if (response.status === 401) {
        // Revoked before its time, or its app was changed since.
        await response.body?.cancel();
        tokens.drop(access, pointer.scope);
        response = await request(url, pointer, access, signal);
      }
      const one = await read(response, pointer, Math.min(limits.largestBytes, room));
      over({ status: response.status, ok: one.kind === "got" });
      return one;
    } catch (error) {
      over({ ok: false });
      return failure(error, pointer);
    }
  }

  async function read(response: Response, { url }: Pointer, most: number): Promise<Fetched> {
    const { status } = response;
    if (status === 200) return { kind: "got", url, bytes: await readBounded(response, most) };
    await response.body?.cancel();
    const reason = `answered ${status}`;
    if (status < 300 || status === 404 || status === 410) return { kind: "gone", url, reason };
    const wait = retryAfterMs(response.headers.get("retry-after"), now());
    return { kind: "failed", url, reason, ...(wait !== undefined && { retryAfterMs: wait }) };
  }

  return {
    async fetchAll(pointers, access, signal, onFetch = () => {}) {
      const all = AbortSignal.any([signal, AbortSignal.timeout(limits.totalMs)]);
      const waiting = [...new Map(pointers.map((pointer) => [pointer.url, pointer])).values()];
      const fetched: Fetched[] = [];
      let room = limits.totalBytes;

      async function work(): Promise<void> {
        for (let pointer = waiting.shift(); pointer !== undefined; pointer = waiting.shift()) {
          const one = await fetchOne(pointer, access, { room, all, onFetch });
          if (one.kind === "got") room -= one.bytes.length;
          fetched.push(one);
          // Who asks to be left alone, or has no answer, is not asked for the rest.
          if (one.kind === "failed") waiting.length = 0;
        }
      }
      await Promise.all(Array.from({ length: limits.atOnce }, work));
      return fetched;
    },
  };
}

type OnFetch = (fetch: FetchTime) => void;

function failure(error: unknown, { url }: Pointer): Fetched {
  if (error instanceof TooLarge) return { kind: "gone", url, reason: error.message };
  const wait = error instanceof TokenError ? error.retryAfterMs : undefined;
  return { kind: "failed", url, reason: reasonOf(error), ...(wait !== undefined && { retryAfterMs: wait }) };
}

/** Node says `fetch failed`, and why in the cause. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "did not answer in time";
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : undefined;
  return (cause !== undefined && "code" in cause ? String(cause.code) : undefined) ?? messageOf(cause ?? error);
}
