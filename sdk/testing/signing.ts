import { type Delivery, queryOf } from "../delivery.ts";
import { canSign, type Draft, type SignatureScheme, type Signed } from "../signature/scheme.ts";
import { sampleTime } from "./samples.ts";

/** A delivery as a scheme would see it, of a draft and what the scheme added to it. */
export function delivered(draft: Draft, signed: Signed, receivedAt: Date = sampleTime): Delivery {
  return {
    method: "POST",
    url: signed.url,
    query: queryOf(signed.url),
    headers: Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name, [value]])),
    body: draft.body,
    receivedAt,
    address: "192.0.2.1",
    proxied: false,
  };
}

/** Two secrets that open nothing anywhere, as long as the scheme wants them and written as it wants them. */
export function throwAwaySecrets(
  scheme: Pick<SignatureScheme, "minimumSecretLength" | "secretProblem">,
): readonly [secret: string, other: string] {
  const fit = (secret: string): string => written(secret.padEnd(scheme.minimumSecretLength, "0123456789"), scheme);
  return [fit("throw-away-secret-for-checks-only-0123456789"), fit("another-throw-away-secret-for-checks-9876543210")];
}

/** A secret in the form in which a scheme wants it written: as it is, in base64, or in base64 behind `whsec_`. */
export function written(secret: string, scheme: Pick<SignatureScheme, "secretProblem">): string {
  const encoded = Buffer.from(secret).toString("base64");
  const forms = [secret, `whsec_${encoded}`, encoded];
  return forms.find((form) => scheme.secretProblem?.(form) === undefined) ?? secret;
}

/** Whether the scheme adds anything to a request that proves its sender: what only the sender can sign does not. */
export function signs(scheme: SignatureScheme, draft: Draft, secret: string): boolean {
  if (!canSign(scheme, secret)) return false;
  const { url, headers } = scheme.sign(draft, secret, sampleTime);
  return url !== draft.url || Object.keys(headers).length > 0;
}

/** Whether a scheme lets a delivery in, from a source with these secrets that has not opted in to unsigned ones. */
export async function verifies(
  scheme: SignatureScheme,
  delivery: Delivery,
  ...secrets: readonly string[]
): Promise<boolean> {
  const result = await Promise.resolve(scheme.verify(delivery, { secrets, allowUnsigned: false }));
  return result.verified;
}

/** The same request without one thing that the scheme added, each in turn, and without all of them. */
export function weakened(draft: Draft, signed: Signed): readonly (readonly [missing: string, Signed])[] {
  const names = Object.keys(signed.headers);
  const without = (name: string): Signed => ({
    url: signed.url,
    headers: Object.fromEntries(Object.entries(signed.headers).filter(([header]) => header !== name)),
  });
  return [
    ["all that signs it", { url: draft.url, headers: {} }],
    ...names.map((name) => [name, without(name)] as const),
    ...(signed.url === draft.url
      ? []
      : ([["what the URL carries", { url: draft.url, headers: signed.headers }]] as const)),
  ];
}

/** The body with one bit of one byte turned, at its beginning, its end and in between. */
export function* flipped(body: Uint8Array): Generator<readonly [index: number, Uint8Array]> {
  const indexes = new Set([0, 0.25, 0.5, 0.75, 1].map((share) => Math.round(share * (body.length - 1))));
  for (const index of indexes) yield [index, body.map((byte, at) => (at === index ? byte ^ 1 : byte))];
}
