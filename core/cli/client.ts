import type { Detail } from "../errors.ts";
import { UserError } from "../errors.ts";
import { findToken } from "./token.ts";

/** Nothing answers where the gateway should be. */
export class Unreachable extends UserError {}

/** What the gateway answered instead of what was asked for. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly details: readonly Detail[];
  readonly requestId: string | undefined;

  constructor(status: number, error: ErrorBody) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.details = error.details ?? [];
    this.requestId = error.request_id;
  }
}

interface Asked extends RequestInit {
  readonly headers?: Readonly<Record<string, string>>;
}

interface ErrorBody {
  readonly code: string;
  readonly message: string;
  readonly details?: readonly Detail[];
  readonly request_id?: string;
}

/** Filters of a list; several values become one parameter with commas, or one each. */
export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | { readonly each: readonly string[] } | undefined>
>;

/** The management API of a gateway. Every method throws `ApiError` for an error of the API, `UserError` for no answer. */
export interface Api {
  /** Without a slash at its end. */
  readonly url: string;
  get<T>(path: string, query?: Query, signal?: AbortSignal): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  /** @param version that what is changed must still have */
  patch<T>(path: string, body: unknown, version?: number): Promise<T>;
  remove(path: string): Promise<void>;
  /** What is too large to be held, as it comes; nothing may take longer than half a minute to begin. */
  stream(path: string, query: Query, signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

const defaultUrl = "http://localhost:8080";
const timeoutMs = 30_000;

/**
 * The gateway that `TW_API_URL` names, with the token that `findToken` finds.
 *
 * @throws {UserError} where there is no token, or no URL
 */
export function connect(env: NodeJS.ProcessEnv): Api {
  const url = readUrl(env.TW_API_URL || defaultUrl);
  const { token, from } = findToken(env);

  interface Call {
    readonly body?: unknown;
    /** Only if what is changed still has it. */
    readonly version?: number | undefined;
    readonly stop?: AbortSignal | undefined;
  }

  async function call<T>(method: string, path: string, { body, version, stop }: Call = {}): Promise<T> {
    const response = await ask(path, {
      method,
      headers: {
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(version !== undefined && { "if-match": `"${version}"` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(stop === undefined ? [] : [stop])]),
    });
    return (response.status === 204 ? undefined : await readJson(response, url)) as T;
  }

  async function stream(path: string, query: Query, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new DOMException("", "TimeoutError")), timeoutMs);
    try {
      const response = await ask(`${path}${search(query)}`, { signal: AbortSignal.any([signal, late.signal]) });
      const type = response.headers.get("content-type") ?? "";
      if (response.body === null || !/^(application\/x-ndjson|text\/csv)\b/.test(type)) {
        throw notThruway(url, response.status);
      }
      return response.body;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What is answered, if it is no error. */
  async function ask(path: string, init: Asked): Promise<Response> {
    const headers = { ...init.headers, authorization: `Bearer ${token}` };
    const response = await request(url, path, { ...init, headers, redirect: "manual" });
    if (response.ok) return response;
    const answer = await readJson(response, url);
    if (!isErrorEnvelope(answer)) throw notThruway(url, response.status);
    if (answer.error.code === "unauthorized") {
      throw new UserError(
        `The gateway at ${url} does not accept the API token from ${from} (unauthorized); set TW_API_KEY, or TW_DATA_DIR to its data folder`,
      );
    }
    throw new ApiError(response.status, answer.error);
  }

  return {
    url,
    get: (path, query = {}, stop) => call("GET", `${path}${search(query)}`, { stop }),
    post: (path, body = {}) => call("POST", path, { body }),
    patch: (path, body, version) => call("PATCH", path, { body, version }),
    remove: (path) => call("DELETE", path),
    stream,
  };
}

function readUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new UserError(`TW_API_URL: "${text}" is not an address; write it like ${defaultUrl}`);
  }
  if (url.username !== "" || url.password !== "") {
    throw new UserError("TW_API_URL: must not hold a user or a password; the token goes into TW_API_KEY");
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

function search(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (typeof value === "object" && "each" in value) {
      for (const each of value.each) parameters.append(name, each);
    } else if (value !== undefined) parameters.set(name, String(value));
  }
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

async function request(url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(`${url}${path}`, init);
  } catch (cause) {
    throw new Unreachable(
      `Cannot reach the gateway at ${url}: ${reasonOf(cause)}. Is the gateway running? start it with: tw-cli serve (TW_API_URL says where it is)`,
      { cause },
    );
  }
}

/** `fetch` says "fetch failed" and keeps the reason in its cause, which may be one of several addresses' reasons. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer within ${timeoutMs / 1000} s`;
  const cause = error.cause instanceof AggregateError ? error.cause.errors[0] : error.cause;
  if (!(cause instanceof Error)) return error.message;
  const code = "code" in cause ? String(cause.code) : "";
  return known[code] ?? (cause.message || code);
}

const known: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such host",
  ECONNRESET: "it closed the connection",
  UND_ERR_SOCKET: "it closed the connection",
};

async function readJson(response: Response, url: string): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw notThruway(url, response.status);
  }
}

function notThruway(url: string, status: number): UserError {
  return new UserError(
    `What answers at ${url} (with status ${status}) is not Thruway; set TW_API_URL to the gateway's address`,
  );
}

function isErrorEnvelope(answer: unknown): answer is { readonly error: ErrorBody } {
  if (typeof answer !== "object" || answer === null || !("error" in answer)) return false;
  const { error } = answer;
  return typeof error === "object" && error !== null && "code" in error && "message" in error;
}
