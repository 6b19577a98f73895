import { verify as verifySignature, X509Certificate } from "node:crypto";
import { fromBase64 } from "../base64.ts";
import type { Delivery } from "../delivery.ts";
import { JsonError, PluginError } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import { parseJson } from "../json.ts";
import { readSnsMessage, type SnsMessage, snsHost } from "../sns-message.ts";
import { timestampUnits } from "../timestamp.ts";
import { type Credentials, type SignatureScheme, type Unverified, unverified, type Verification } from "./scheme.ts";

/** SNS tries a message again for an hour under its own policy, with the time of its publishing. */
const toleranceSeconds = 3_600;
/** A certificate's address is its own for good. */
const certificateFreshForSeconds = 86_400;

/**
 * AWS SNS over HTTPS: an RSA signature in the body, by a certificate that lies at an address of SNS's own. SNS signs for
 * everybody who has a topic, so the topics are named that may send here.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
 *
 * The body has to be parsed for it, before anybody is believed: bounded as every body is.
 *
 * @param options.topics the ARNs of the topics
 * @throws {PluginError} without topics, and for what is no ARN of a topic
 */
export function awsSns(options: { readonly topics: readonly string[] }): SignatureScheme {
  const { topics } = options;
  checkTopics(topics);

  function verify(delivery: Delivery, _: Credentials, fetch?: Fetch): Verification | Promise<Verification> {
    const message = readSnsMessage(delivery.body);
    if (message === undefined) return unverified("invalid_signature", "body", "must be a message of AWS SNS");
    if (!topics.includes(message.TopicArn)) {
      return unverified("invalid_signature", "body.TopicArn", "is not a topic that this source takes");
    }
    const timestamp = timestampUnits.iso.read(message.Timestamp);
    if (timestamp === undefined) return unverified("invalid_timestamp", "body.Timestamp", timestampUnits.iso.form);
    const digest = digests.get(message.SignatureVersion);
    if (digest === undefined) return unverified("invalid_signature", "body.SignatureVersion", "must be 1 or 2");
    if (!isCertificateAddress(message.SigningCertURL)) {
      return unverified("invalid_signature", "body.SigningCertURL", "must be the address of a certificate at AWS SNS");
    }
    const signature = fromBase64(message.Signature);
    if (signature === undefined) return unverified("invalid_signature", "body.Signature", "must be base64");
    if (fetch === undefined) return unverified("vendor_unreachable");
    const signed = Buffer.from(stringToSign(message));
    return fetch({
      url: message.SigningCertURL,
      host: snsHost,
      freshForSeconds: certificateFreshForSeconds,
    }).then((fetched): Verification => {
      if (!fetched.ok) return unverified("vendor_unreachable");
      const refusal = mismatch(fetched.text, { digest, signature, signed, at: delivery.receivedAt });
      return refusal ?? { verified: true, scheme: "aws-sns", signed, timestamp, toleranceSeconds };
    });
  }

  return {
    name: "aws-sns",
    summary: `an RSA signature of AWS SNS in the body, for ${topics.join(", ")}`,
    needsSecret: false,
    acceptsUnsigned: false,
    provesBody: true,
    minimumSecretLength: 0,
    // SNS calls its JSON plain text.
    contentTypes: ["text/plain"],
    unwrap: messageOf,
    presents: ({ headers }) => headers["x-amz-sns-message-type"] !== undefined,
    verify,
    sign: ({ url }) => ({ url, headers: {} }),
    canSign: () => false,
  };
}

/** What was published, where that is an object or a list; a sentence stays in its envelope. */
function messageOf(body: Uint8Array): Uint8Array | undefined {
  const message = readSnsMessage(body);
  if (message?.Type !== "Notification" || !/^\s*[[{]/.test(message.Message)) return undefined;
  const published = Buffer.from(message.Message);
  try {
    parseJson(published);
    return published;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

const digests: ReadonlyMap<string, string> = new Map([
  ["1", "RSA-SHA1"],
  ["2", "RSA-SHA256"],
]);

/** @throws {PluginError} */
function checkTopics(topics: readonly string[]): void {
  if (topics.length === 0) throw new PluginError("topics: name at least one; SNS signs for everybody's");
  const wrong = topics.find((topic) => !/^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_.-]{1,256}$/.test(topic));
  if (wrong !== undefined)
    throw new PluginError(`topics: "${wrong}" must be the ARN of a topic: arn:aws:sns:<region>:<account>:<name>`);
}

/** Names as SNS gives them, so that nobody makes the gateway ask for whatever comes to their mind. */
const certificatePath = /^\/SimpleNotificationService-[0-9A-Za-z]{16,64}\.pem$/;

function isCertificateAddress(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, host, pathname, search, hash, username, password } = new URL(address);
  const rest = search + hash + username + password;
  return protocol === "https:" && snsHost.test(host) && certificatePath.test(pathname) && rest === "";
}

/** The fields in their order, each on a line and its value on the next; `Subject` only where there is one. */
function stringToSign(message: SnsMessage): string {
  const names =
    message.Type === "Notification"
      ? (["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"] as const)
      : (["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"] as const);
  return names.map((name) => (message[name] === undefined ? "" : `${name}\n${message[name]}\n`)).join("");
}

interface Check {
  readonly digest: string;
  readonly signature: Buffer;
  readonly signed: Buffer;
  readonly at: Date;
}

function mismatch(pem: string, { digest, signature, signed, at }: Check): Unverified | undefined {
  try {
    const certificate = new X509Certificate(pem);
    if (at < certificate.validFromDate || at > certificate.validToDate) {
      return unverified("invalid_signature", "body.SigningCertURL", "is a certificate that is not valid now");
    }
    return verifySignature(digest, signed, certificate.publicKey, signature)
      ? undefined
      : unverified("invalid_signature");
  } catch {
    return unverified("invalid_signature", "body.SigningCertURL", "is not a certificate");
  }
}
