import {
  defined,
  eventGridValidation,
  firstOf,
  githubPing,
  graphValidation,
  type Handshake,
  joi,
  officeValidation,
  oktaChallenge,
  slackUrlVerification,
  snsSubscription,
} from "@thruway/sdk";
import { type SignatureOptions, withParts } from "./signature.ts";

const handshakes = {
  "event-grid": eventGridValidation,
  github: githubPing,
  graph: graphValidation,
  "office-365": officeValidation,
  okta: oktaChallenge,
  slack: slackUrlVerification,
} as const satisfies Readonly<Record<string, () => Handshake>>;

export type HandshakeName = keyof typeof handshakes;

/** Those of senders that no other plugin knows; several only where several senders share a source. */
export const handshakeOptions = joi.valid(...Object.keys(handshakes));

/**
 * The handshake that the operator names, and those that belong to the scheme: SNS confirms subscriptions, GitHub pings, Slack
 * wants its challenge back, whether anybody has thought of it or not.
 */
export function handshakeOf(
  named: HandshakeName | undefined,
  signature: SignatureOptions | undefined,
): Handshake | undefined {
  const found = (signature === undefined ? [] : withParts(signature)).flatMap((part) => implied(part) ?? []);
  const all = named === undefined ? found : [handshakes[named](), ...found];
  return all.length === 0 ? undefined : firstOf(...all);
}

function implied(options: SignatureOptions): Handshake | undefined {
  if (options.scheme === "aws-sns") {
    return snsSubscription(defined({ topics: options.topics, confirm: options.confirm_subscriptions }));
  }
  return options.scheme === "github" || options.scheme === "slack" ? handshakes[options.scheme]() : undefined;
}
