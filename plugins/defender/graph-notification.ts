import { text } from "@thruway/sdk";
import type { Fields } from "./family.ts";

/**
 * Why a Graph change notification makes no incident; `undefined` for anything else. It says that something changed and
 * where to fetch it, and holds no word of the alert: https://learn.microsoft.com/graph/change-notifications-overview
 */
export function notificationReason(fields: Fields): string | undefined {
  if (text(fields.subscriptionId) === undefined) return undefined;
  const lifecycle = text(fields.lifecycleEvent);
  if (lifecycle !== undefined)
    return `Microsoft Graph lifecycle notification (${lifecycle.slice(0, 40)}): no alert in it`;
  if (text(fields.resource) === undefined) return undefined;
  return "Microsoft Graph change notification: a pointer to an alert, not the alert; let a relay fetch and send it";
}
