import { X509Certificate } from "node:crypto";
import { fromBase64 } from "../base64.ts";
import type { Delivery } from "../delivery.ts";
import { PluginError } from "../errors.ts";
import { type ImmediateScheme, provesSender, required, unverified, type Verification } from "./scheme.ts";

/**
 * How the proxy writes the sender's certificate into the header:
 *
 * - `fingerprint`, `subject`: just that (nginx `$ssl_client_fingerprint`, `$ssl_client_s_dn`; AWS ALB, Cloudflare);
 * - `pem`: the certificate, percent-encoded (nginx `$ssl_client_escaped_cert`, AWS ALB) or its base64 without lines (Traefik);
 * - `client-cert`: as RFC 9440 has it, `:<base64>:`;
 * - `xfcc`: as Envoy has it, `Hash=…;Subject="…"`.
 */
export const certificateForms = ["fingerprint", "subject", "pem", "client-cert", "xfcc"] as const;
export type CertificateForm = (typeof certificateForms)[number];

export interface MutualTlsOptions {
  /** The header in which the proxy says whose certificate it was: `X-Forwarded-Client-Cert`. */
  readonly header: string;
  readonly form: CertificateForm;
  /** Fingerprints of which it must be one: SHA-256 in hex (SHA-1 where the proxy writes that), with colons or without. */
  readonly fingerprints?: readonly string[];
  /** Subjects of which it must be one, character by character as the proxy writes them. */
  readonly subjects?: readonly string[];
  /** A header in which the proxy says that it has checked the certificate, and what it then says: `SUCCESS`. */
  readonly verified?: { readonly header: string; readonly value: string };
}

/**
 * A client certificate that a proxy has checked and writes into a header. The header is believed only from a proxy that the
 * gateway is told to trust (`TW_TRUSTED_PROXIES`), which must overwrite what a sender writes there. It proves who sends, but
 * neither what nor when.
 *
 * @throws {PluginError} where there is nothing to compare with, or what the form does not tell
 */
export function mutualTls(options: MutualTlsOptions): ImmediateScheme {
  const { form, verified } = options;
  const header = options.header.toLowerCase();
  const fingerprints = options.fingerprints?.map(plainFingerprint);
  const { subjects } = options;
  refuseContradictions(options);

  function verify(delivery: Delivery): Verification {
    const found = required(delivery, header);
    if ("code" in found) return found;
    if (!delivery.proxied) {
      return unverified("invalid_signature", `headers.${header}`, "is believed only from a trusted proxy");
    }
    if (verified !== undefined) {
      const said = required(delivery, verified.header.toLowerCase());
      if ("code" in said) return said;
      if (said.value !== verified.value) {
        return unverified("invalid_signature", `headers.${verified.header.toLowerCase()}`, "does not say so");
      }
    }
    const certificate = readers[form](found.value);
    if (certificate === undefined) return unverified("invalid_signature", `headers.${header}`, `must be a ${form}`);
    const isTheirs =
      (fingerprints === undefined || fingerprints.includes(certificate.fingerprint ?? "")) &&
      (subjects === undefined || subjects.includes(certificate.subject ?? ""));
    return isTheirs ? provesSender("mutual-tls", delivery) : unverified("invalid_signature");
  }

  return {
    name: "mutual-tls",
    summary: `a client certificate, which a trusted proxy writes into ${options.header}`,
    needsSecret: false,
    acceptsUnsigned: false,
    provesBody: false,
    minimumSecretLength: 0,
    presents: (delivery) => delivery.headers[header] !== undefined,
    verify,
    sign: ({ url }) => ({ url, headers: {} }),
    canSign: () => false,
    clues: {
      reads: [header, ...(verified === undefined ? [] : [verified.header.toLowerCase()])].map(
        (each) => `headers.${each}`,
      ),
    },
  };
}

interface Certificate {
  readonly fingerprint?: string;
  readonly subject?: string;
}

function refuseContradictions({ form, fingerprints, subjects, verified }: MutualTlsOptions): void {
  if ((fingerprints ?? subjects) === undefined) throw new PluginError("fingerprints or subjects: name at least one");
  for (const list of [fingerprints, subjects]) {
    if (list?.length === 0) throw new PluginError("fingerprints or subjects: must not be an empty list");
  }
  for (const each of fingerprints ?? []) {
    if (!fingerprintForm.test(plainFingerprint(each))) {
      throw new PluginError(`fingerprints: "${each}" must be a SHA-256 or SHA-1 in hex`);
    }
  }
  if (subjects?.includes("") === true) throw new PluginError("subjects: must not be empty");
  if (fingerprints !== undefined && form === "subject")
    throw new PluginError("fingerprints: the header has a subject only");
  if (subjects !== undefined && !["subject", "xfcc"].includes(form)) {
    throw new PluginError(`subjects: are not compared where the header has a ${form}; use fingerprints`);
  }
  // Whoever makes a certificate of their own chooses its subject.
  if (form === "subject" && verified === undefined) {
    throw new PluginError(
      "subjects: prove nothing unless the proxy has checked the certificate; say by verified where it says so",
    );
  }
}

const fingerprintForm = /^([0-9a-f]{40}|[0-9a-f]{64})$/;

/** Digits in a row, or in pairs with a colon between two; anything else stays what it is, and no fingerprint. */
function plainFingerprint(text: string): string {
  const isPaired = /^[0-9a-f]{2}(?::[0-9a-f]{2})+$/i.test(text);
  return (isPaired ? text.replaceAll(":", "") : text).toLowerCase();
}

const readers: Readonly<Record<CertificateForm, (value: string) => Certificate | undefined>> = {
  fingerprint: (value) => {
    const fingerprint = plainFingerprint(value);
    return fingerprintForm.test(fingerprint) ? { fingerprint } : undefined;
  },
  subject: (subject) => (subject === "" ? undefined : { subject }),
  pem: (value) => {
    const text = percentDecoded(value);
    if (text === undefined) return undefined;
    const lines =
      /^-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(text)?.[1] ?? text;
    return ofBytes(fromBase64(lines.replaceAll(/\s+/g, "")));
  },
  "client-cert": (value) => {
    const encoded = /^:([A-Za-z0-9+/=]+):$/.exec(value)?.[1];
    return encoded === undefined ? undefined : ofBytes(fromBase64(encoded));
  },
  xfcc: ofXfcc,
};

function percentDecoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}

function ofBytes(der: Buffer | undefined): Certificate | undefined {
  if (der === undefined) return undefined;
  try {
    return { fingerprint: plainFingerprint(new X509Certificate(der).fingerprint256) };
  } catch {
    return undefined;
  }
}

/**
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/headers#x-forwarded-client-cert: fields
 * `Key=value` joined by semicolons, values quoted where they hold one of `,;=`. A comma stands between the certificates of
 * several hops, of which nobody here can say whose is whose: one is taken, and a field once.
 */
function ofXfcc(value: string): Certificate | undefined {
  const fields = new Map<string, string>();
  let rest = value;
  for (;;) {
    const [whole, key = "", quoted, plain = ""] = /^([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^",;=]*))/.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    const name = key.toLowerCase();
    if (fields.has(name) && name !== "uri" && name !== "dns") return undefined;
    fields.set(name, quoted?.replaceAll(/\\(.)/g, "$1") ?? plain);
    rest = rest.slice(whole.length);
    if (rest === "") break;
    if (!rest.startsWith(";")) return undefined;
    rest = rest.slice(1);
  }
  const hash = plainFingerprint(fields.get("hash") ?? "");
  const subject = fields.get("subject");
  return {
    ...(fingerprintForm.test(hash) && { fingerprint: hash }),
    ...(subject !== undefined && subject !== "" && { subject }),
  };
}
