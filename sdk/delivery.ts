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
}

export type Headers = Readonly<Record<string, readonly string[] | undefined>>;

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
}
