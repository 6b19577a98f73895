import { ignore, pointers, text } from "@thruway/sdk";
import { each, type Family, joined, missing, missingAll, type Options, type Reading } from "./family.ts";
import { graphUrl, scopeOf } from "./fetch-options.ts";

/**
 * A notification of a Graph subscription. It says that something changed and where it is, and holds no word of the alert:
 * https://learn.microsoft.com/graph/change-notifications-overview
 */
export const graphNotification: Family = {
  title: "Microsoft Graph notification",

  lacks: (fields) => [...missing(fields, "subscriptionId"), ...missingAll(fields, "resource", "lifecycleEvent")],

  read: each(({ lifecycleEvent, changeType, resource }, options) => {
    const lifecycle = text(lifecycleEvent);
    if (lifecycle !== undefined) return ignore(lifecycleReason(lifecycle));
    if (text(changeType)?.toLowerCase() === "deleted") return ignore(`${notification}: what it names is deleted`);
    return pointerTo(text(resource) ?? "", options);
  }),

  eventId: (fields) => joined(fields.subscriptionId, fields.id),
};

const notification = "Microsoft Graph change notification";

/** The resources that hold alerts. What else a forged notification may name is not fetched with the app's rights. */
const resourceForm = /^\/?(?<list>security\/(?:alerts_v2|alerts|incidents))\/(?<id>(?!\.{1,2}$)[^/?#\s]+)$/i;

function pointerTo(resource: string, { fetch }: Options): Reading {
  const { list, id } = resourceForm.exec(resource)?.groups ?? {};
  if (list === undefined || id === undefined) return ignore(`${notification}: its resource is no alert`);
  const base = graphUrl(fetch);
  const expand = list.toLowerCase().endsWith("incidents") ? "?$expand=alerts" : "";
  const url = `${base}/v1.0/${list}/${encodeURIComponent(id.toWellFormed())}${expand}`;
  return pointers(
    [{ url, scope: scopeOf(base) }],
    `${notification}: it points at an alert and holds none; set options.fetch to have it fetched`,
  );
}

/** https://learn.microsoft.com/graph/change-notifications-lifecycle-events */
const remedies: ReadonlyMap<string, string> = new Map([
  ["reauthorizationRequired", "reauthorize or renew the subscription"],
  ["subscriptionRemoved", "the subscription is gone; create it again"],
  ["missed", "notifications were lost; list the alerts since the last one"],
]);

const longestWord = 40;

function lifecycleReason(event: string): string {
  const remedy = remedies.get(event);
  const reason = `Microsoft Graph lifecycle notification (${event.slice(0, longestWord)})`;
  return remedy === undefined ? reason : `${reason}: ${remedy}`;
}
