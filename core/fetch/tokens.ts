import { hash } from "node:crypto";
import type { FetchAccess } from "@thruway/sdk";
import joi from "joi";
import { readBounded } from "../read-bounded.ts";
import { check } from "../validate.ts";
import { isSafe } from "./address.ts";
import { retryAfterMs } from "./retry-after.ts";

/** No token was given. The message is for the operator and holds no secret. */
export class TokenError extends Error {
  override readonly name = "TokenError";
  readonly retryAfterMs: number | undefined;

  constructor(message: string, retryAfterMs?: number) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

export interface Tokens {
  /**
   * A token that is good for `scope` for a while yet; the same one until shortly before it expires.
   *
   * @throws {TokenError}
   */
  get(access: FetchAccess, scope: string, signal: AbortSignal): Promise<string>;
  /** Forgets a token that was refused. */
  drop(access: FetchAccess, scope: string): void;
}

interface Kept {
  readonly token: Promise<Granted>;
  expiresAt: number;
}

interface Granted {
  readonly access_token: string;
  readonly expires_in?: number;
}

const granted: joi.ObjectSchema<Granted> = joi
  .object<Granted>({ access_token: joi.string().max(16_384).required(), expires_in: joi.number().min(0).max(1e9) })
  .unknown()
  .required();
const largestAnswer = 65_536;
/** A token must outlast the requests that it is used for. */
const marginMs = 60_000;

export interface TokensDependencies {
  readonly fetch: typeof globalThis.fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Tokens by OAuth 2.0 client credentials (RFC 6749, 4.4), each asked for once and kept while it is good. */
export function createTokens({ fetch, now }: TokensDependencies): Tokens {
  const kept = new Map<string, Kept>();

  async function ask(access: FetchAccess, scope: string, signal: AbortSignal): Promise<Granted> {
    const url = new URL(access.tokenUrl);
    if (!isSafe(url)) throw new TokenError(`${url.origin} is not asked for a token: it is not https`);
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: access.clientId,
      client_secret: access.clientSecret,
      scope,
    });
    const response = await fetch(url, { method: "POST", body, redirect: "manual", signal });
    const answer = parsed(await readBounded(response, largestAnswer));
    if (!response.ok) {
      const wait = retryAfterMs(response.headers.get("retry-after"), now());
      throw new TokenError(`${url.origin} gave no token: ${response.status}${errorIn(answer)}`, wait);
    }
    const checked = check(granted, answer);
    if ("details" in checked) throw new TokenError(`${url.origin} answered with something that is no token`);
    return checked.value;
  }

  return {
    async get(access, scope, signal) {
      const key = keyOf(access, scope);
      const before = kept.get(key);
      if (before !== undefined && before.expiresAt > now()) return (await before.token).access_token;
      for (const [other, { expiresAt }] of kept) if (expiresAt <= now()) kept.delete(other);
      // Whoever comes meanwhile waits for the same answer.
      const entry: Kept = { token: ask(access, scope, signal), expiresAt: Number.POSITIVE_INFINITY };
      kept.set(key, entry);
      try {
        const { access_token, expires_in = 0 } = await entry.token;
        entry.expiresAt = now() + expires_in * 1000 - marginMs;
        return access_token;
      } catch (error) {
        if (kept.get(key) === entry) kept.delete(key);
        throw error;
      }
    },
    drop: (access, scope) => void kept.delete(keyOf(access, scope)),
  };
}

function keyOf({ tokenUrl, clientId, clientSecret }: FetchAccess, scope: string): string {
  return hash("sha256", JSON.stringify([tokenUrl, clientId, clientSecret, scope]));
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The error's code, and Microsoft's number for it, which its documentation explains; never the prose, which may be long. */
function errorIn(answer: unknown): string {
  const { error, error_description: description } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  const code = typeof error === "string" && /^[\w.-]{1,60}$/.test(error) ? ` ${error}` : "";
  const number = typeof description === "string" ? (/^AADSTS\d{1,9}/.exec(description)?.[0] ?? "") : "";
  return number === "" ? code : `${code} (${number})`;
}
