import { ignore, pointers, text } from "@thruway/sdk";
import { each, type Family, joined, missing } from "./family.ts";
import { officeUrl, scopeOf } from "./fetch-options.ts";

/**
 * What the webhook of the Office 365 Management Activity API sends: where a blob of audit records is, among which there may
 * be alerts: https://learn.microsoft.com/office/office-365-management-api/office-365-management-activity-api-reference
 */
export const officeContent: Family = {
  title: "Office 365 content notification",

  lacks: (fields) => missing(fields, "contentUri", "contentType"),

  read: each(({ contentUri, contentType }, { fetch }) => {
    const url = text(contentUri) ?? "";
    const what = `Office 365 content notification (${text(contentType)?.slice(0, 40) ?? ""})`;
    if (!URL.canParse(url)) return ignore(`${what}: its contentUri is no address`);
    const scope = scopeOf(officeUrl(fetch));
    return pointers(
      [{ url, scope }],
      `${what}: it points at audit records and holds none; set options.fetch to have them fetched`,
    );
  }),

  eventId: (fields) => joined(fields.contentId, fields.contentCreated),
};
