import {
  type Alert,
  anyOf,
  crowdstrike,
  crowdstrikeMinimumSecretLength,
  defined,
  definePlugin,
  ignore,
  isIgnored,
  joi,
  type MapContext,
  type MapResult,
  PayloadError,
  record,
  text,
  texts,
  webhookSignature,
} from "@thruway/sdk";
import type { Fields } from "./evidence.ts";
import { type FieldMap, fieldMap, isDefaultBody, isUsualBody, workflowAlertOf } from "./fusion.ts";
import type { Scale } from "./severity.ts";
import { alertOf, type StreamEvent } from "./stream-event.ts";

interface Options {
  /** The workflow's "Signature Header Name". */
  readonly signature_header?: string;
  /** Where things stand in the body of a workflow of one's own. */
  readonly fields?: FieldMap;
  /** What severities of identity detections count to. */
  readonly identity_severity_scale?: Scale;
}

/** An event of the stream, or several; or what a workflow sends. */
type Payload = Fields | readonly unknown[];

const streamEvent = joi
  .object({
    metadata: joi.object({ eventType: joi.string().required() }).unknown().required(),
    event: joi.object().unknown().required(),
  })
  .unknown();
const item = joi.alternatives().conditional(joi.object({ metadata: joi.exist() }).unknown(), {
  // biome-ignore lint/suspicious/noThenProperty: Joi's word for it
  then: streamEvent,
  otherwise: joi.object().unknown(),
});

export default definePlugin<Options, Payload>({
  name: "crowdstrike",
  title: "CrowdStrike Falcon",
  options: joi.object<Options>({
    signature_header: joi.string().pattern(/^[A-Za-z0-9-]+$/, "a header's name"),
    fields: fieldMap,
    identity_severity_scale: joi.number().valid(5, 100),
  }),

  // Whichever way a source's sender signs, it has one secret for it, and Falcon takes none that is shorter.
  signature: ({ signature_header: header }) =>
    anyOf(webhookSignature({ minimumSecretLength: crowdstrikeMinimumSecretLength }), crowdstrike(defined({ header }))),

  payload: joi.alternatives().conditional(joi.array(), {
    // biome-ignore lint/suspicious/noThenProperty: Joi's word for it
    then: joi.array().items(item),
    otherwise: item,
  }),

  fits(payload) {
    const fields = itemsOf(payload)[0]?.fields ?? {};
    if (isDefaultBody(fields) || (isStreamEvent(fields) && Object.keys(fields.event).length > 0)) return 0.95;
    return isUsualBody(fields) ? 0.6 : 0;
  },

  // An offset counts within one stream, and a customer may have several: the time tells their events apart.
  eventId(payload) {
    const [one, ...others] = itemsOf(payload);
    if (one === undefined || others.length > 0 || !isStreamEvent(one.fields)) return undefined;
    const { customerIDString, offset, eventCreationTime } = one.fields.metadata;
    const customer = text(customerIDString);
    const position = text(offset);
    if (customer === undefined || position === undefined) return undefined;
    return [customer, position, ...texts(eventCreationTime, null)].join(":");
  },

  map,

  example: {
    metadata: { eventType: "DetectionSummaryEvent", eventCreationTime: 1705320000000 },
    event: {
      DetectId: "ldt:thruway-test-event",
      Severity: 4,
      HostnameField: "WORKSTATION-01",
      DetectName: "Malicious File Detected",
    },
  },
});

function map(payload: Payload, { options, receivedAt }: MapContext<Options>): MapResult {
  const read = itemsOf(payload).map(({ path, fields }) => {
    if (isStreamEvent(fields)) return alertOf(fields, `${path}event`, options.identity_severity_scale, receivedAt);
    const alert = workflowAlertOf(fields, options.fields ?? {}, { receivedAt });
    if (alert === undefined) throw new PayloadError(path.slice(0, -1), strange);
    return alert;
  });
  const alerts = read.filter((one): one is Alert => !isIgnored(one));
  const [first] = read;
  if (alerts.length > 0 || first === undefined) return alerts;
  return isIgnored(first) ? first : ignore("no detection");
}

const strange =
  "is neither an event of Falcon's stream (metadata.eventType and event) nor a workflow's body with an id, a title or a severity; options.fields says where these stand";

interface Item {
  /** Before the name of a field: empty, or `3.`. */
  readonly path: string;
  readonly fields: Fields;
}

function itemsOf(payload: unknown): readonly Item[] {
  if (!Array.isArray(payload)) return [{ path: "", fields: record(payload) }];
  return payload.map((value, index) => ({ path: `${index}.`, fields: record(value) }));
}

function isStreamEvent(fields: Fields): fields is Fields & StreamEvent {
  const { metadata, event } = fields;
  return typeof record(metadata).eventType === "string" && event === record(event);
}
