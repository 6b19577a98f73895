import { type Ignored, ignore } from "../alert.ts";
import type { Delivery } from "../delivery.ts";
import { PluginError } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import { readSnsMessage, type SnsMessage, snsHost } from "../sns-message.ts";
import type { Greeted, Handshake } from "./handshake.ts";

/**
 * AWS SNS sends nothing until somebody has opened a link that it posts, signed, to the address. The core opens it where the
 * source allows that and the topic is one of its own; else the operator finds the link with the ignored delivery.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-confirmation-json-format.html
 *
 * @param options.topics the ARNs of the topics that may be confirmed
 * @param options.confirm whether to open the link; default false
 * @throws {PluginError} without topics
 */
export function snsSubscription(options: {
  readonly topics: readonly string[];
  readonly confirm?: boolean;
}): Handshake {
  const { topics, confirm = false } = options;
  if (topics.length === 0) throw new PluginError("topics: name at least one");
  return {
    after(delivery, _, fetch) {
      const message = messageOf(delivery);
      if (message === undefined || message.Type === "Notification") return undefined;
      const { TopicArn: topic, SubscribeURL: link = "" } = message;
      if (message.Type === "UnsubscribeConfirmation") return ignore(`AWS SNS has ended the subscription of ${topic}`);
      if (!topics.includes(topic))
        return ignore(`AWS SNS asks for a subscription of ${topic}, which is not allowed here`);
      if (!isConfirmation(link, topic)) {
        return ignore(`AWS SNS asks for a subscription of ${topic}, but its link does not lead to AWS SNS`);
      }
      return confirm ? open(link, topic, fetch) : left(link, topic);
    },
  };
}

/** Cheap, since every notification is asked. */
function messageOf({ body }: Delivery): SnsMessage | undefined {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return bytes.includes("scribeConfirmation") || bytes.includes("SubscriptionConfirmation")
    ? readSnsMessage(body)
    : undefined;
}

/** Signed, and yet nobody's say where the gateway connects to: SNS's own host, and no other action than this. */
function isConfirmation(link: string, topic: string): boolean {
  if (!URL.canParse(link)) return false;
  const { protocol, host, pathname, searchParams, username, password } = new URL(link);
  return (
    protocol === "https:" &&
    snsHost.test(host) &&
    pathname === "/" &&
    username + password === "" &&
    searchParams.getAll("Action").join() === "ConfirmSubscription" &&
    searchParams.getAll("TopicArn").join() === topic
  );
}

function left(link: string, topic: string): Ignored {
  return ignore(`AWS SNS asks for a subscription of ${topic}: to confirm it, open ${link}`);
}

async function open(link: string, topic: string, fetch: Fetch): Promise<Greeted> {
  const { ok } = await fetch({ url: link, host: snsHost, freshForSeconds: 0 });
  return ok ? ignore(`Subscription of ${topic} was confirmed`) : { unreachable: true };
}
