import type { Plugin } from "../plugin.ts";
import type { Draft, SignatureScheme, Signed } from "../signature/scheme.ts";
import { type Check, CheckFailure, named } from "./check.ts";
import { type Sample, type SampleOptions, sampleTime } from "./samples.ts";
import { delivered, flipped, signs, throwAwaySecrets, verifies, weakened } from "./signing.ts";

/** A signed sample, and what it is checked with. */
interface Signing {
  readonly scheme: SignatureScheme;
  readonly draft: Draft;
  readonly signed: Signed;
  readonly secret: string;
  readonly other: string;
}

/**
 * That the sample verifies when it is signed, with the first and with the second of two secrets, and not when anything about it
 * is wrong. What cannot sign has nothing to check but that it needs the source's leave.
 */
export function signatureChecks(plugin: Plugin, sample: Sample, options: SampleOptions): readonly Check[] {
  let scheme: SignatureScheme;
  let signed: Signed;
  const draft: Draft = { url: `/api/webhooks/${plugin.name}`, body: sample.body };
  try {
    scheme = plugin.signature(options);
    const [secret] = throwAwaySecrets(scheme);
    signed = scheme.sign(draft, secret, sampleTime);
  } catch (cause) {
    return [{ name: `${sample.name}: can be signed`, run: () => Promise.reject(cannotSign(cause)) }];
  }
  const [secret, other] = throwAwaySecrets(scheme);
  const signing: Signing = { scheme, draft, signed, secret, other };
  const check = (name: string, run: (signing: Signing) => Promise<void>): Check => ({
    name: `${sample.name}: ${name}`,
    run: () => run(signing),
  });
  const unsigned = scheme.acceptsUnsigned
    ? [check("is not taken unsigned without the source's leave", needsLeave)]
    : [];
  if (!signs(scheme, draft, secret)) return unsigned;
  return [
    check("verifies when it is signed", signedVerifies),
    check("verifies with a second secret", secondSecretVerifies),
    check("is refused with a wrong secret", wrongSecretIsRefused),
    check("is refused where a header is missing", missingHeaderIsRefused),
    ...(scheme.provesBody ? [check("is refused where a byte is flipped", flippedByteIsRefused)] : []),
    ...unsigned,
  ];
}

function cannotSign(cause: unknown): CheckFailure {
  return new CheckFailure(`The scheme cannot be made, or cannot sign: ${named(cause)}`, {
    mend: "let signature(options) give a scheme for a source that sets no options, or name the options to check with",
    cause,
  });
}

async function signedVerifies({ scheme, draft, signed, secret }: Signing): Promise<void> {
  if (await verifies(scheme, delivered(draft, signed), secret)) return;
  throw new CheckFailure("The signed sample does not verify", {
    details: Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}`),
    mend: "let verify take what sign makes: the same header, over the same bytes, in the same encoding",
  });
}

async function secondSecretVerifies({ scheme, draft, signed, secret, other }: Signing): Promise<void> {
  const delivery = delivered(draft, signed);
  if ((await verifies(scheme, delivery, secret, other)) && (await verifies(scheme, delivery, other, secret))) return;
  throw new CheckFailure("Of two active secrets, one does not verify", {
    mend: "try every secret of credentials.secrets: a source has two while its sender changes over",
  });
}

async function wrongSecretIsRefused({ scheme, draft, signed, other }: Signing): Promise<void> {
  if (!(await verifies(scheme, delivered(draft, signed), other))) return;
  throw new CheckFailure("A delivery that another secret signed verifies", {
    mend: "compare with what the source's own secrets give, by timingSafeEqual",
  });
}

async function missingHeaderIsRefused({ scheme, draft, signed, secret }: Signing): Promise<void> {
  for (const [missing, weak] of weakened(draft, signed)) {
    if (!(await verifies(scheme, delivered(draft, weak), secret))) continue;
    throw new CheckFailure(`The sample verifies without ${missing}`, {
      mend: "refuse what does not carry everything that the signature is made of, with unverified(code, path, message)",
    });
  }
}

async function flippedByteIsRefused({ scheme, draft, signed, secret }: Signing): Promise<void> {
  for (const [index, body] of flipped(draft.body)) {
    if (!(await verifies(scheme, { ...delivered(draft, signed), body }, secret))) continue;
    throw new CheckFailure(`The sample verifies with another byte at ${index}`, {
      mend: "sign all of delivery.body; a scheme that proves who sends and not what says so by provesBody: false",
    });
  }
}

async function needsLeave({ scheme, draft, secret }: Signing): Promise<void> {
  if (!(await verifies(scheme, delivered(draft, { url: draft.url, headers: {} }), secret))) return;
  throw new CheckFailure("A delivery that nobody signed is taken, though the source did not opt in", {
    mend: "let nothing in unsigned unless credentials.allowUnsigned is true",
  });
}
