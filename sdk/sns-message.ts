import { parseJson } from "./json.ts";
import { record } from "./read.ts";

/** A message of AWS SNS: https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html */
export interface SnsMessage {
  readonly Type: "Notification" | "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  readonly MessageId: string;
  readonly TopicArn: string;
  readonly Message: string;
  readonly Timestamp: string;
  readonly Signature: string;
  readonly SignatureVersion: string;
  readonly SigningCertURL: string;
  readonly Subject?: string;
  readonly Token?: string;
  readonly SubscribeURL?: string;
}

/**
 * A host of SNS: `sns.eu-west-1.amazonaws.com`. A region begins with two letters and a hyphen and ends with a number;
 * anything in that place would let in `sns.s3-us-west-2.amazonaws.com`, where somebody's bucket named "sns" answers.
 */
export const snsHost = /^sns\.[a-z]{2}(?:-[a-z]+)+-\d{1,2}\.amazonaws\.com(?:\.cn)?$/;

const always = [
  "MessageId",
  "TopicArn",
  "Message",
  "Timestamp",
  "Signature",
  "SignatureVersion",
  "SigningCertURL",
] as const;

/** Reads the body of a request as one; `undefined` for anything else. A `Subject` of `null` is none. */
export function readSnsMessage(body: Uint8Array): SnsMessage | undefined {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = record(parseJson(body));
  } catch {
    return undefined;
  }
  const isConfirmation = fields.Type === "SubscriptionConfirmation" || fields.Type === "UnsubscribeConfirmation";
  if (!isConfirmation && fields.Type !== "Notification") return undefined;
  const wanted = isConfirmation ? [...always, "Token", "SubscribeURL"] : always;
  if (wanted.some((name) => typeof fields[name] !== "string")) return undefined;
  const { Subject } = fields;
  if (Subject !== undefined && Subject !== null && typeof Subject !== "string") return undefined;
  return { ...fields, Subject: Subject ?? undefined } as unknown as SnsMessage;
}
