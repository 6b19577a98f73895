import { hash } from "node:crypto";
import {
  anyOf,
  defined,
  definePlugin,
  instant,
  joi,
  link,
  type MapResult,
  PayloadError,
  record,
  severityOf,
  snakeCase,
  some,
  staticToken,
  text,
  texts,
  unsigned,
  webhookSignature,
} from "@thruway/sdk";
import { type BetterWebhooks, betterWebhooks } from "./better-webhooks.ts";
import { isOnCall, type OnCallMessage, onCallAlert } from "./on-call.ts";
import { all, entitiesOf, fieldsOf, first, isNotable, mitreOf, notableId, type Row, reviewOf, rowOf } from "./row.ts";

interface Options {
  readonly hmac?: BetterWebhooks;
}

/** Only the first row of a search's results is sent. */
type SearchAlert = Readonly<
  Partial<Record<"sid" | "search_name" | "app" | "owner" | "results_link" | "result" | "trigger_time", unknown>>
>;

type Payload = SearchAlert & OnCallMessage;

const headerName = joi.string().pattern(/^[A-Za-z0-9-]+$/, "a header's name");

export default definePlugin<Options, Payload>({
  name: "splunk",
  title: "Splunk",
  options: joi.object<Options>({
    hmac: joi.object<BetterWebhooks>({
      algorithm: joi.string().valid("sha1", "sha256", "sha512"),
      encoding: joi.string().valid("hex", "base64"),
      header: headerName.required(),
      timestamp_header: headerName,
      prefix: joi.string(),
    }),
  }),

  signature: ({ hmac }) =>
    anyOf(
      webhookSignature(),
      ...(hmac === undefined ? [] : [betterWebhooks(hmac)]),
      staticToken({ header: "Authorization", prefix: "Bearer " }),
      staticToken({ query: "token" }),
      unsigned("Splunk's built-in webhook action sends no credentials"),
    ),

  payload: joi.object<Payload>().or("result", "search_name", "sid", "message_type").unknown(),

  fits(payload) {
    if (isOnCall(record(payload))) return text(record(payload).entity_id) === undefined ? 0.3 : 0.9;
    const { result, sid, search_name, results_link } = record(payload);
    if (sid !== undefined && results_link !== undefined) return 0.95;
    const hasRow = Object.keys(record(result)).length > 0;
    return hasRow && (sid !== undefined || search_name !== undefined) ? 0.9 : 0;
  },

  // "For each result" sends a delivery per row, all with the sid of the one search.
  eventId({ sid, result }) {
    const search = text(sid);
    return search === undefined ? undefined : `${search}:${hash("sha256", canonical(result)).slice(0, 32)}`;
  },

  map: (payload) => (isOnCall(payload) ? onCallAlert(payload) : searchAlert(payload)),

  example: {
    result: {
      host: "server-01",
      source: "WinEventLog:Security",
      sourcetype: "WinEventLog",
      _raw: "An account failed to log on.",
      EventCode: "4625",
    },
    search_name: "Failed Login Alert",
    trigger_time: 1705320000,
  },
});

/** A custom alert action's payload also has a `session_key`, which is a credential: fields are read by name, never copied over. */
function searchAlert({ sid, search_name, results_link, result, trigger_time }: SearchAlert): MapResult {
  const row = rowOf(result);
  const search = text(search_name);
  if (row.size === 0 && (search ?? text(sid)) === undefined) {
    throw new PayloadError("result", "is empty, and neither search_name nor sid says what was searched");
  }
  const severityWords = all(row, "urgency", "severity");
  const severityWord = severityWords.find((word) => severityOf(word) !== undefined);
  return defined({
    type: snakeCase(first(row, "rule_name") ?? search ?? "") || "splunk_alert",
    title: filledIn(first(row, "rule_title", "rule_name"), row) ?? search ?? first(row, "source") ?? "Splunk alert",
    description: filledIn(first(row, "rule_description"), row) ?? first(row, "description", "_raw") ?? written(result),
    severity: severityOf(severityWord),
    vendor_severity: severityWord ?? severityWords[0],
    external_id: notableId(row),
    ...reviewOf(row),
    occurred_at: instant(first(row, "_time")) ?? instant(trigger_time) ?? dispatchTime(sid),
    url: link(results_link),
    entities: some(entitiesOf(row)),
    mitre: some(mitreOf(row)),
    tags: some(isNotable(row) ? all(row, "security_domain") : []),
  });
}

/** Enterprise Security stores these as they were configured, with `$src$` where a field's value belongs. */
function filledIn(words: string | undefined, row: Row): string | undefined {
  return words?.replaceAll(/\$([^$\s]+)\$/g, (token, field: string) => first(row, field.toLowerCase()) ?? token);
}

const mostFields = 30;

/** A row that a search has counted and grouped has no text of its own: its fields are what there is to say. */
function written(result: unknown): string | undefined {
  const lines = fieldsOf(result)
    .filter(([name]) => !name.startsWith("_"))
    .map(([name, value]) => ({ name, values: texts(value, null) }))
    .filter(({ values }) => values.length > 0)
    .map(({ name, values }) => `${name}: ${values.join(", ")}`);
  return text(lines.slice(0, mostFields).join("\n"));
}

/** `scheduler__admin__search__RMD5…_at_1768471200_123`, `rt_scheduler__…_at_…`, or `1768471200.22972` of a search by hand. */
const dispatched = /_at_(\d{10})(?!\d)|^(?:rt_)?(\d{10})\./;

function dispatchTime(sid: unknown): string | undefined {
  const [, scheduled, byHand] = dispatched.exec(text(sid) ?? "") ?? [];
  return instant(scheduled ?? byHand);
}

/** JSON with its keys in order, so that the same row always reads the same. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`).join(",")}}`;
}
