import { type Entity, entities, text, texts } from "@thruway/sdk";
import { fileEntities, processEntities } from "./assets.ts";
import type { Fields } from "./family.ts";

/** What an item of the evidence of Defender for Endpoint, or of an incident of Defender XDR, is about: `user`, `mailbox` … */
export function entityKind(item: Fields): string | undefined {
  return text(item.entityType)?.toLowerCase();
}

/** Everything that is neither a host nor a user. */
export function thingsIn(item: Fields): readonly Entity[] {
  switch (entityKind(item)) {
    case "process":
      return processEntities(item.processCommandLine, item, "related");
    case "file":
      return fileEntities(item, "related");
    case "ip":
      return entities("ip", "related", item.ipAddress);
    case "url":
      return entities("url", "related", item.url);
    case "mailbox":
      return entities("email", "target", item.mailboxAddress);
    case "mailmessage":
      return [
        ...entities("email", "sender", item.sender),
        ...entities("email", "recipient", texts(item.recipient)),
        ...entities("ip", "source", item.senderIP),
      ];
    default:
      return [];
  }
}
