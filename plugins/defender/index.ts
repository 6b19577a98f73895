import {
  type Alert,
  anyOf,
  bodySecret,
  definePlugin,
  firstOf,
  graphValidation,
  ignore,
  isIgnored,
  isPointers,
  joi,
  type MapContext,
  type MapResult,
  officeValidation,
  PayloadError,
  pointers,
  record,
  staticToken,
  webhookSignature,
} from "@thruway/sdk";
import { azureMonitor } from "./azure-monitor.ts";
import { endpointAlert } from "./endpoint-alert.ts";
import type { Family, Fields, Options, Reading } from "./family.ts";
import { accessOf, fetchOptions } from "./fetch-options.ts";
import { graphAlert } from "./graph-alert.ts";
import { graphIncident } from "./graph-incident.ts";
import { graphLegacyAlert } from "./graph-legacy-alert.ts";
import { graphNotification } from "./graph-notification.ts";
import { officeContent } from "./office-content.ts";
import { officeEvent } from "./office-event.ts";
import { officeRecord } from "./office-record.ts";
import { sentinelIncident } from "./sentinel-incident.ts";
import { xdrIncident } from "./xdr-incident.ts";
import { xdrStream } from "./xdr-stream.ts";

/** One file each. An item is of the first that it lacks nothing of. */
const families: readonly Family[] = [
  graphAlert,
  graphIncident,
  graphLegacyAlert,
  endpointAlert,
  xdrIncident,
  officeRecord,
  xdrStream,
  officeEvent,
  sentinelIncident,
  azureMonitor,
  graphNotification,
  officeContent,
];

type Payload = Fields | readonly unknown[];

export default definePlugin<Options, Payload>({
  name: "defender",
  title: "Microsoft Defender",
  options: joi.object<Options>({
    portal_url: joi.string().uri({ scheme: "https" }),
    fetch: fetchOptions,
  }),

  // Logic Apps, action groups, Graph subscriptions and the Office 365 Management API cannot compute an HMAC: they carry a
  // header, a URL or a word in the body, and no more.
  signature: anyOf(
    webhookSignature(),
    staticToken({ header: "Authorization", prefix: "Bearer " }),
    staticToken({ header: "Webhook-AuthID" }),
    staticToken({ query: "token" }),
    bodySecret({ path: "value.*.clientState" }),
  ),

  handshake: firstOf(graphValidation(), officeValidation()),

  // One item; or a list, bare or under the name that Microsoft gives it. `map` says which family each is of, and what a
  // stranger lacks.
  payload: joi.alternatives(joi.object().unknown(), joi.array()),

  fits(payload) {
    return itemsOf(payload)
      .slice(0, mostLookedAt)
      .some(({ fields }) => familyOf(fields) !== undefined)
      ? 0.9
      : 0;
  },

  eventId(payload) {
    const [item, ...others] = itemsOf(payload);
    if (item === undefined || others.length > 0) return undefined;
    return familyOf(item.fields)?.eventId(item.fields);
  },

  map,

  // Graph's change notifications and Office 365's only say where the alerts are.
  fetch: ({ fetch }) => accessOf(fetch),

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

/** A list that begins with so many strangers is not Microsoft's. */
const mostLookedAt = 20;

function map(payload: Payload, { options }: MapContext<Options>): MapResult {
  const byFamily = new Map<Family, Fields[]>();
  for (const { path, fields } of itemsOf(payload)) {
    const family = familyOf(fields);
    if (family === undefined) throw new PayloadError(path, unknownShape(fields));
    const others = byFamily.get(family);
    if (others === undefined) byFamily.set(family, [fields]);
    else others.push(fields);
  }
  return summed([...byFamily].flatMap(([family, all]) => family.read(all, options)));
}

function summed(readings: readonly Reading[]): MapResult {
  const pointed = readings.filter(isPointers);
  const ignored = readings.filter(isIgnored);
  const alerts = readings.filter((reading): reading is Alert => !isPointers(reading) && !isIgnored(reading));
  const [first] = pointed;
  if (first !== undefined)
    return pointers(
      pointed.flatMap((each) => each.pointers),
      first.reason,
      alerts,
    );
  return alerts.length > 0 ? alerts : ignore(ignored[0]?.ignored ?? "a list with no alert in it");
}

interface Item {
  readonly path: string;
  readonly fields: Fields;
}

/** `value` as Microsoft's APIs answer a list and Graph notifies, `records` as the streaming API writes one. */
function itemsOf(payload: unknown): readonly Item[] {
  if (Array.isArray(payload)) return payload.map((item, index) => ({ path: String(index), fields: record(item) }));
  const fields = record(payload);
  const name = ["value", "records"].find((each) => Array.isArray(fields[each]));
  if (name === undefined) return [{ path: "", fields }];
  const list = fields[name] as readonly unknown[];
  return list.map((item, index) => ({ path: `${name}.${index}`, fields: record(item) }));
}

function familyOf(fields: Fields): Family | undefined {
  return families.find((family) => family.lacks(fields).length === 0);
}

const mostNamed = 3;

/** The families that it comes nearest to. */
function unknownShape(fields: Fields): string {
  const lacks = families
    .map((family) => ({ title: family.title, names: family.lacks(fields) }))
    .toSorted((one, other) => one.names.length - other.names.length)
    .slice(0, mostNamed)
    .map(({ title, names }) => `for a ${title} it lacks ${names.join(" and ")}`);
  return `is of no known shape: ${lacks.join("; ")}`;
}
