import {
  defined,
  distinct,
  entities,
  firstText,
  humanise,
  instant,
  record,
  severityOf,
  some,
  text,
  texts,
} from "@thruway/sdk";
import { each, type Family, joined, missing } from "./family.ts";
import { describe, typeOf } from "./wording.ts";

/** Defender for Office 365 as relays write it: an envelope around one message. */
export const officeEvent: Family = {
  title: "Defender for Office 365 event",

  lacks: (fields) => missing(fields, "eventType", "creationTime", "entityType"),

  read: each((fields) => {
    const data = record(fields.data);
    const what = humanise(fields.eventType) ?? "Defender for Office 365 event";
    const subject = firstText(data.subject);
    return defined({
      type: typeOf(fields.category, fields.eventType),
      title: subject === undefined ? what : `${what}: ${subject}`,
      description: describe(fields.description, {}),
      severity: severityOf(fields.severity),
      vendor_severity: text(fields.severity),
      external_id: text(fields.id),
      occurred_at: instant(fields.creationTime),
      entities: some(
        distinct([
          ...entities("email", "sender", firstText(data.sender)),
          ...entities("email", "recipient", texts(data.recipients)),
        ]),
      ),
    });
  }),

  eventId: (fields) => joined(fields.id, fields.eventType, fields.creationTime),
};
