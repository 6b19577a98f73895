/**
 * One request that arrived, as signature schemes and handshakes see it: the raw bytes, and headers that keep a repeated one
 * apart from one with a comma in it.
 */
export interface Delivery {
  readonly method: string;
  /** Path and query as received: `/api/webhooks/siem?token=…`. */
  readonly url: string;
  readonly query: URLSearchParams;
  /** Lower-case names; every value as it was sent. */
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly receivedAt: Date;
  /** The sender's IP address: the peer's, or what the gateway's trusted proxies say (`X-Forwarded-For`). */
  readonly address: string;
  /** Whether a trusted proxy handed it over. Only then is what a proxy writes into headers to be believed. */
  readonly proxied: boolean;
}

export type Headers = Readonly<Record<string, readonly string[] | undefined>>;

/** The parameters of a URL as received. Whatever stands before the `?` may be nonsense: a sender writes what it likes. */
export function queryOf(url: string): URLSearchParams {
  const [target = ""] = url.split("#");
  const at = target.indexOf("?");
  return new URLSearchParams(at === -1 ? "" : target.slice(at + 1));
}

/** The one value of a header; `undefined` where it is absent, `"repeated"` where it was sent more than once. */
export function single(headers: Headers, name: string): { readonly value: string } | "repeated" | undefined {
  const values = headers[name];
  if (values === undefined || values.length === 0) return undefined;
  const [value] = values;
  return values.length === 1 && value !== undefined ? { value } : "repeated";
}

/** The answer to a handshake: sent as it is, with nothing stored. */
export interface Reply {
  readonly status: number;
  readonly type: "text/plain" | "application/json";
  readonly body: string;
  /** What a vendor reads off the headers of the answer: `webhook-allowed-origin`, `webhook-allowed-rate`, `allow`. */
  readonly headers?: Readonly<Record<string, string>>;
}
