import assert from "node:assert/strict";
import { type Delivery, queryOf, type SignatureScheme, type Verification } from "@thruway/sdk";

export interface Parts {
  readonly body?: string | Uint8Array;
  /** Names as a vendor writes them; a list stands for a header that is sent more than once. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly url?: string;
  readonly receivedAt?: Date;
  readonly method?: string;
  readonly address?: string;
  readonly proxied?: boolean;
}

/** A request as schemes and handshakes see it. */
export function aDelivery({
  body = "{}",
  headers = {},
  url = "/api/webhooks/edr",
  receivedAt,
  method = "POST",
  address = "192.0.2.1",
  proxied = false,
}: Parts = {}): Delivery {
  return {
    method,
    url,
    query: queryOf(url),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()] as const),
    ),
    body: Buffer.from(body),
    receivedAt: receivedAt ?? new Date("2024-01-15T12:00:00Z"),
    address,
    proxied,
  };
}

/** What the scheme says of a delivery, at once; unsigned ones are not opted in to. */
export function verify(scheme: SignatureScheme, delivery: Delivery, ...secrets: readonly string[]): Verification {
  const said = scheme.verify(delivery, { secrets, allowUnsigned: false });
  assert.ok(!(said instanceof Promise), "it makes its delivery wait");
  return said;
}

/** How a refusal reads in a test: `invalid_signature headers.x-signature is missing`. */
export function refusal(result: Verification | Promise<Verification>): string {
  assert.ok(!(result instanceof Promise), "it makes its delivery wait");
  if (result.verified) return "verified";
  const { code, fault } = result;
  return fault === undefined ? code : `${code} ${fault.path} ${fault.message}`;
}
