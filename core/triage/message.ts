import { standardWebhooks } from "@thruway/sdk";
import type { Message } from "../runs/message.ts";
import type { Channel } from "./outside.ts";

/** A message as it is sent: the same bytes each time, so that its id in the signature is too. */
export interface Written {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Writes a message as its channel has it. A webhook is signed; its `webhook-id` and `idempotency-key` are the same each time. */
export function writeMessage(message: Message, channel: Channel, at: Date): Written {
  const body = Buffer.from(message.body ?? JSON.stringify(shaped(message, channel.kind)));
  const headers = { "content-type": "application/json", "idempotency-key": message.id };
  if (channel.kind !== "webhook") return { headers, body };
  const signed = standardWebhooks().sign({ url: "", body, id: message.id }, channel.secret, at);
  return { headers: { ...headers, ...signed.headers }, body };
}

function shaped({ id, text, data }: Message, kind: Channel["kind"]): object {
  if (kind === "webhook") return { type: "thruway.notification", id, text, data };
  if (kind === "slack") return { text: escaped(text) };
  return {
    type: "message",
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          // A TextBlock would read what a sender wrote as Markdown, links and all.
          body: [{ type: "RichTextBlock", inlines: [{ type: "TextRun", text }] }],
        },
      },
    ],
  };
}

/** What a sender wrote must not mention people or hide a link: https://docs.slack.dev/messaging/formatting-message-text */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
