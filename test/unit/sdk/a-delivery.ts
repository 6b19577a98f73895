import type { Delivery, SignatureScheme, Verification } from "@thruway/sdk";

interface Parts {
  readonly body?: string | Uint8Array;
  /** Names as a vendor writes them; a list stands for a header that is sent more than once. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly url?: string;
  readonly receivedAt?: Date;
}

/** A request as schemes and handshakes see it. */
export function aDelivery({ body = "{}", headers = {}, url = "/api/webhooks/edr", receivedAt }: Parts = {}): Delivery {
  return {
    method: "POST",
    url,
    query: new URL(url, "http://localhost").searchParams,
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value].flat()] as const),
    ),
    body: Buffer.from(body),
    receivedAt: receivedAt ?? new Date("2024-01-15T12:00:00Z"),
  };
}

/** What the scheme says of a delivery; unsigned ones are not opted in to. */
export function verify(scheme: SignatureScheme, delivery: Delivery, ...secrets: readonly string[]): Verification {
  return scheme.verify(delivery, { secrets, allowUnsigned: false });
}

/** How a refusal reads in a test: `invalid_signature headers.x-signature is missing`. */
export function refusal(result: Verification): string {
  if (result.verified) return "verified";
  const { code, fault } = result;
  return fault === undefined ? code : `${code} ${fault.path} ${fault.message}`;
}
