import {
  defined,
  definePlugin,
  firstText,
  humanise,
  instant,
  joi,
  link,
  type Mitre,
  record,
  severityOf,
  snakeCase,
  some,
  text,
  texts,
  webhookSignature,
} from "@thruway/sdk";
import { type SignatureOptions, schemeOf, signatureOptions } from "./signature.ts";
import { allOf, entitiesIn, firstOf, firstRead, type Place, placeOf } from "./well-known.ts";

interface Options {
  /** How the sender proves itself, where it does not sign the way Thruway does. */
  readonly signature?: SignatureOptions;
}

type Payload = Readonly<Record<string, unknown>> & { readonly event_type: string };

export default definePlugin<Options, Payload>({
  name: "generic",
  title: "Generic JSON",
  options: joi.object<Options>({ signature: signatureOptions }),

  signature: ({ signature }) => (signature === undefined ? webhookSignature() : schemeOf(signature)),

  payload: joi.object<Payload>({ event_type: joi.string().pattern(/\S/, "some text").required() }).unknown(),

  // Any object fits a little: what no other plugin knows is then refused here, by the name of the field that is missing.
  fits(payload) {
    if (text(record(payload).event_type) !== undefined) return 0.5;
    return payload !== null && typeof payload === "object" && !Array.isArray(payload) ? 0.01 : 0;
  },

  // There is no eventId: an `event_id` is as often the number of a kind of event (4625) as the id of one.

  map(payload) {
    // Some senders have no `data` and write everything beside `event_type`.
    const data = isObject(payload.data) ? payload.data : payload;
    const own = placeOf(data);
    const places = [own, placeOf(record(data).details)];
    const title = titleOf(payload.event_type, places);
    const severity = firstOf(places, "severity") ?? firstText(payload.severity);
    return defined({
      type: snakeCase(payload.event_type) || "alert",
      title,
      description: descriptionOf(title, places),
      severity: severityOf(severity),
      vendor_severity: severity,
      external_id: externalIdOf(payload, own),
      occurred_at: instant(payload.timestamp) ?? firstRead(instant, places, ...timeNames),
      url: firstRead(link, places, ...linkNames),
      entities: some(entitiesIn(places)),
      mitre: some(techniquesIn(places)),
      tags: some(tagsOf(payload.event_type, own)),
    });
  },

  example: { event_type: "test", data: {} },
});

const titleNames = ["title", "name", "alert_name", "rule_name", "subject", "message"];
const descriptionNames = ["description", "details", "message", "summary", "reason", "data"];
const idNames = ["alert_id", "id", "incident_id", "detection_id", "finding_id", "case_id"];
const timeNames = ["timestamp", "occurred_at", "event_time", "detected_at", "created_at", "time"];
/** Links to the sender's console; a plain `url` is as a rule part of what was seen. */
const linkNames = ["link", "alert_url", "console_url", "incident_url", "details_url", "permalink", "html_url"];
const techniqueNames = ["mitre", "mitre_attack", "mitre_technique", "mitre_techniques", "technique", "techniques"];
const techniqueIdNames = ["technique_id", "technique_ids", "mitre_id", "mitre_ids"];

/** The event type of `tw-cli webhook test` and of the curl in the documentation. */
const test = "test";

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

/** Never of `details`, where an `id` is that of a user or a file as easily. */
function externalIdOf(payload: Payload, own: Place): string | undefined {
  return firstOf([own], ...idNames) ?? firstText(payload.alert_id);
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
