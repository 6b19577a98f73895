import {
  type Alert,
  anyOf,
  type Delivery,
  definePlugin,
  ignore,
  joi,
  type MapContext,
  type MapResult,
  PayloadError,
  type Reply,
  record,
  staticToken,
  webhookSignature,
} from "@thruway/sdk";
import { endpointAlert } from "./endpoint-alert.ts";
import type { Family, Fields, Options } from "./family.ts";
import { graphAlert } from "./graph-alert.ts";
import { notificationReason } from "./graph-notification.ts";
import { officeEvent } from "./office-event.ts";

const families: readonly Family[] = [graphAlert, endpointAlert, officeEvent];

export default definePlugin<Options, Fields>({
  name: "defender",
  title: "Microsoft Defender",
  options: joi.object<Options>({
    portal_url: joi.string().uri({ scheme: "https" }),
  }),

  // Logic Apps, action groups and Graph subscriptions cannot compute an HMAC: they carry a header or a URL, and no more.
  signature: anyOf(
    webhookSignature(),
    staticToken({ header: "Authorization", prefix: "Bearer " }),
    staticToken({ query: "token" }),
  ),

  handshake: answerGraphValidation,

  // One alert, or a list of them under `value`, as Microsoft's list calls answer it. `map` says which family each is of,
  // and what a stranger lacks.
  payload: joi.object<Fields>().unknown(),

  fits(payload) {
    const items = itemsOf(record(payload));
    if (items.some(({ fields }) => familyOf(fields) !== undefined)) return 0.9;
    return items.some(({ fields }) => notificationReason(fields) !== undefined) ? 0.8 : 0;
  },

  eventId(payload) {
    const [item, ...others] = itemsOf(payload);
    if (item === undefined || others.length > 0) return undefined;
    return familyOf(item.fields)?.eventId(item.fields);
  },

  map,

  example: {
    eventType: "PhishingEmail",
    id: "thruway-test-event",
    creationTime: "2024-01-15T10:00:00Z",
    severity: "high",
    category: "Phish",
    entityType: "Email",
    data: {
      sender: "phisher@malicious.example",
      subject: "Urgent Action Required",
      recipients: ["user@company.example"],
    },
  },
});

/** Graph's tokens are shorter; what is echoed to a stranger stays small. */
const longestValidationToken = 512;

/** https://learn.microsoft.com/graph/change-notifications-delivery-webhooks: answered within 10 s as plain text, decoded. */
function answerGraphValidation({ query, headers }: Delivery): Reply | undefined {
  // A parameter of a subscription's own URL comes with every notification: those are JSON, the validation is not.
  if (headers["content-type"]?.some((type) => type.includes("json"))) return undefined;
  const [token, ...others] = query.getAll("validationToken");
  if (token === undefined || token === "" || others.length > 0) return undefined;
  return token.length <= longestValidationToken ? { status: 200, type: "text/plain", body: token } : undefined;
}

function map(payload: Fields, { options }: MapContext<Options>): MapResult {
  const alerts: Alert[] = [];
  let reason = "a list with no alert in it";
  for (const { path, fields } of itemsOf(payload)) {
    const notification = notificationReason(fields);
    if (notification !== undefined) {
      reason = notification;
      continue;
    }
    const family = familyOf(fields);
    if (family === undefined) throw new PayloadError(path, unknownShape(fields));
    alerts.push(family.toAlert(fields, options));
  }
  return alerts.length > 0 ? alerts : ignore(reason);
}

interface Item {
  readonly path: string;
  readonly fields: Fields;
}

function itemsOf(payload: Fields): readonly Item[] {
  if (!Array.isArray(payload.value)) return [{ path: "", fields: payload }];
  return payload.value.map((item: unknown, index) => ({ path: `value.${index}`, fields: record(item) }));
}

function familyOf(fields: Fields): Family | undefined {
  return families.find((family) => family.lacks(fields).length === 0);
}

/** The family that it comes nearest to stands first. */
function unknownShape(fields: Fields): string {
  const lacks = families
    .map((family) => ({ title: family.title, names: family.lacks(fields) }))
    .toSorted((one, other) => one.names.length - other.names.length)
    .map(({ title, names }) => `for a ${title} it lacks ${names.join(" and ")}`);
  return `is of no known shape: ${lacks.join("; ")}`;
}
