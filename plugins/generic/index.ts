import {
  type Alert,
  defined,
  definePlugin,
  firstText,
  humanise,
  instant,
  joi,
  link,
  type Mitre,
  PayloadError,
  record,
  severityOf,
  snakeCase,
  some,
  text,
  texts,
} from "@thruway/sdk";
import { presets } from "./presets/index.ts";
import { fieldMapFor, handshakeFor, type Options, optionsSchema, signatureFor } from "./settings.ts";
import { allOf, entitiesIn, firstOf, firstRead, type Place, placeOf } from "./well-known.ts";

export default definePlugin<Options>({
  name: "generic",
  title: "Generic JSON",
  options: optionsSchema,
  presets: Object.fromEntries(Object.entries(presets).map(([name, { title }]) => [name, title])),
  signature: signatureFor,

  handshake: { choose: handshakeFor },

  // What else it must be depends on the source: without a map the documented format, which `map` asks for.
  payload: joi.alternatives(joi.object().unknown(), joi.array()),

  // Any object fits a little: what no other plugin knows is then refused here, by the name of the field that is missing.
  fits(payload) {
    if (text(record(payload).event_type) !== undefined) return 0.5;
    return isObject(payload) ? 0.01 : 0;
  },

  // Without a map there is none: an `event_id` is as often the number of a kind of event (4625) as the id of one.
  eventId: (payload, options) => fieldMapFor(options)?.eventId(payload),

  map(payload, { options, receivedAt }) {
    const fieldMap = isTestEvent(payload) ? undefined : fieldMapFor(options);
    return fieldMap === undefined ? documented(payload) : fieldMap.alerts(payload, receivedAt);
  },

  example: { event_type: "test", data: {} },
});

/** The format of the documentation. @throws {PayloadError} for a payload that is none */
function documented(payload: unknown): Alert {
  const eventType = eventTypeOf(payload);
  const fields = record(payload);
  // Some senders have no `data` and write everything beside `event_type`.
  const data = isObject(fields.data) ? fields.data : fields;
  const own = placeOf(data);
  const places = [own, placeOf(record(data).details)];
  const title = titleOf(eventType, places);
  const severity = firstOf(places, "severity") ?? firstText(fields.severity);
  return defined({
    type: snakeCase(eventType) || "alert",
    title,
    description: descriptionOf(title, places),
    severity: severityOf(severity),
    vendor_severity: severity,
    external_id: firstOf([own], ...idNames) ?? firstText(fields.alert_id),
    occurred_at: instant(fields.timestamp) ?? firstRead(instant, places, ...timeNames),
    url: firstRead(link, places, ...linkNames),
    entities: some(entitiesIn(places)),
    mitre: some(techniquesIn(places)),
    tags: some(tagsOf(eventType, own)),
  });
}

function eventTypeOf(payload: unknown): string {
  if (!isObject(payload)) throw new PayloadError("", "must be an object, not a list");
  const { event_type: eventType } = record(payload);
  if (eventType === undefined) throw new PayloadError("event_type", "is required");
  if (typeof eventType !== "string") throw new PayloadError("event_type", "must be a string");
  if (eventType.trim() === "") throw new PayloadError("event_type", "must be some text");
  return eventType;
}

const titleNames = ["title", "name", "alert_name", "rule_name", "subject", "message"];
const descriptionNames = ["description", "details", "message", "summary", "reason", "data"];
/** Never of `details`, where an `id` is that of a user or a file as easily. */
const idNames = ["alert_id", "id", "incident_id", "detection_id", "finding_id", "case_id"];
const timeNames = ["timestamp", "occurred_at", "event_time", "detected_at", "created_at", "time"];
/** Links to the sender's console; a plain `url` is as a rule part of what was seen. */
const linkNames = ["link", "alert_url", "console_url", "incident_url", "details_url", "permalink", "html_url"];
const techniqueNames = ["mitre", "mitre_attack", "mitre_technique", "mitre_techniques", "technique", "techniques"];
const techniqueIdNames = ["technique_id", "technique_ids", "mitre_id", "mitre_ids"];

/** The event type of `tw-cli webhook test` and of the curl in the documentation. */
const test = "test";

/** Thruway's own test event is taken by a source with any map: it proves the way here, not the map. */
function isTestEvent(payload: unknown): boolean {
  const { event_type: eventType, data, ...rest } = record(payload);
  return eventType === test && isObject(data) && Object.keys({ ...record(data), ...rest }).length === 0;
}

/** `"security_alert"` becomes `"Security alert"`, whatever script it is in. */
function titleOf(eventType: string, places: readonly Place[]): string {
  const found = firstOf(places, ...titleNames);
  if (found !== undefined) return found.replaceAll(/\s+/g, " ");
  return eventType === test ? "Test event" : (humanise(eventType) ?? eventType.trim());
}

function descriptionOf(title: string, places: readonly Place[]): string | undefined {
  const found = allOf(places, descriptionNames).map(text);
  return found.find((description) => description !== undefined && description !== title);
}

function techniquesIn(places: readonly Place[]): readonly Mitre[] {
  const found = allOf(places, [...techniqueNames, ...techniqueIdNames]).flatMap((value) => texts(value));
  return [...new Set(found)].filter((id) => /^T\d{4}(\.\d{3})?$/.test(id)).map((id) => ({ id }));
}

/** Lists leave out what is tagged `test`: a sender's own tag of that name must not hide its alerts. */
function tagsOf(eventType: string, own: Place): readonly string[] {
  const tags = texts(own.get("tags")).filter((tag) => tag !== test);
  return eventType === test ? [test, ...tags] : tags;
}

function isObject(value: unknown): boolean {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
