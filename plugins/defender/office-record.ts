import {
  defined,
  distinct,
  type Entity,
  entities,
  firstText,
  humanise,
  ignore,
  instant,
  JsonError,
  number,
  parseJson,
  record,
  severityOf,
  some,
  statusOf,
  text,
  texts,
} from "@thruway/sdk";
import { each, type Family, type Fields, missing } from "./family.ts";
import { describe, typeOf } from "./wording.ts";

/** SecurityComplianceAlerts; every other record of the audit log is no alert. */
const alertRecord = 40;

/**
 * A record of the Office 365 audit log, as the Management Activity API holds it:
 * https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-schema
 */
export const officeRecord: Family = {
  title: "Office 365 audit record",

  lacks: (fields) => missing(fields, "RecordType", "CreationTime", "Operation"),

  read: each((fields) => {
    if (number(fields.RecordType) !== alertRecord) {
      return ignore(`Office 365 audit record (RecordType ${text(fields.RecordType)?.slice(0, 10) ?? ""}), no alert`);
    }
    const data = dataIn(fields);
    const name = firstText(fields.Name, data.an);
    const severity = firstText(fields.Severity, data.sev);
    // An update tells of a change to the alert, not of anything that happened.
    const isUpdate = text(fields.Operation) === "AlertUpdated";
    const time = instant(fields.CreationTime);
    return defined({
      type: typeOf(fields.Category, name),
      title: name ?? humanise(fields.Category) ?? "Office 365 alert",
      description: describe(data.ad, {
        "Malware family": kindOf(fields) === "malwarefamily" ? firstText(fields.ObjectId, data.eid) : undefined,
      }),
      severity: severityOf(severity),
      vendor_severity: severity,
      external_id: text(fields.AlertId),
      occurred_at: isUpdate ? undefined : time,
      as_of: isUpdate ? time : undefined,
      status: statusOf(fields.Status),
      entities: some(entitiesOf(fields, data)),
    });
  }),

  eventId: ({ Id }) => text(Id),
};

function kindOf({ EntityType }: Fields): string | undefined {
  return text(EntityType)?.toLowerCase();
}

function entitiesOf(fields: Fields, data: Fields): readonly Entity[] {
  const named = firstText(fields.ObjectId, data.eid, fields.AlertEntityId);
  const kind = kindOf(fields);
  return distinct([
    ...entities("user", "target", texts(data.f3u), kind === "user" ? named : undefined),
    ...entities("email", "sender", kind === "sender" ? named : undefined),
    ...entities("email", "recipient", texts(data.trc), kind === "recipients" ? texts(named) : undefined),
  ]);
}

/** JSON in a string, of abbreviated names. */
function dataIn({ Data }: Fields): Fields {
  const json = text(Data);
  if (json === undefined) return record(Data);
  try {
    return record(parseJson(Buffer.from(json)));
  } catch (error) {
    if (error instanceof JsonError) return {};
    throw error;
  }
}
