import { type Alert, firstText, joi, record, snakeCase, text } from "@thruway/sdk";
import { type Context, detectionOf } from "./detection.ts";
import type { Fields } from "./evidence.ts";

/** What a workflow's body can say, and the name that Falcon's event stream has for it. */
const streamNames = {
  id: "CompositeId",
  title: "Name",
  description: "Description",
  severity: "Severity",
  status: "Status",
  resolution: "Resolution",
  host: "Hostname",
  ip: "LocalIP",
  user: "UserName",
  url: "FalconHostLink",
  time: "UTCTimestamp",
  command_line: "CommandLine",
  file: "FilePath",
  hash: "SHA256String",
  tactic: "Tactic",
  technique: "Technique",
  action: "PatternDispositionDescription",
} as const;
type Name = keyof typeof streamNames;
const names = Object.keys(streamNames) as readonly Name[];

/** What kind of incident it becomes, and when Falcon changed what the body says. */
const ownNames = ["type", "updated"] as const;

/** Where each stands in the body of a workflow of one's own: a key, or keys joined by dots. */
export type FieldMap = Readonly<Partial<Record<Name | (typeof ownNames)[number], string>>>;

const path = joi.string().min(1).max(200);
export const fieldMap: joi.ObjectSchema<FieldMap> = joi.object<FieldMap>(
  Object.fromEntries([...names, ...ownNames].map((name) => [name, path])),
);

/** What people name it of their own accord, and Falcon names it in the body that it sends by default. */
const usual: Readonly<Record<Name | (typeof ownNames)[number], readonly string[]>> = {
  id: ["detection_id", "composite_id", "alert_id", "incident_id", "id"],
  title: ["title", "name", "detect_name", "display_name"],
  description: ["description"],
  severity: ["severity_name", "severity"],
  status: ["status", "state"],
  resolution: ["resolution"],
  host: ["hostname", "host", "host_name", "computer_name", "device_name"],
  ip: ["local_ip"],
  user: ["user_name", "username", "user"],
  url: ["url", "link", "falcon_host_link"],
  time: ["timestamp", "time", "created_timestamp"],
  command_line: ["command_line", "cmdline"],
  file: ["file_path", "filepath", "file_name", "filename"],
  hash: ["sha256"],
  tactic: ["tactic"],
  technique: ["technique"],
  action: ["action_taken", "action"],
  type: [],
  updated: ["updated_timestamp", "updated_at"],
};

/** `{data, meta}`, the keys of `data` flat and dotted: `detections.hostname`. */
export function isDefaultBody({ data, meta }: Fields): boolean {
  const { trigger_name, trigger_category } = record(meta);
  return Object.keys(record(data)).length > 0 && (text(trigger_name) ?? text(trigger_category)) !== undefined;
}

/** A body that says of itself that it is Falcon's. */
export function isUsualBody(body: Fields): boolean {
  const say = (name: Name): string | undefined => firstText(...usual[name].map((each) => body[each]));
  return say("id") !== undefined && say("title") !== undefined && /falcon|crowdstrike/i.test(say("url") ?? "");
}

/**
 * What a Fusion SOAR workflow sends: the default body, or one that its author wrote.
 *
 * @param fields where things stand in the latter, as far as they do not have a usual name
 * @returns `undefined` for a body with neither an id, nor a title, nor a severity
 */
export function workflowAlertOf(body: Fields, fields: FieldMap, context: Context): Alert | undefined {
  const meta = record(body.meta);
  const said = isDefaultBody(body) ? byLastName(record(body.data)) : new Map(Object.entries(body));
  const say = (name: keyof FieldMap): unknown =>
    (fields[name] && valueAt(body, fields[name])) ?? firstText(...usual[name].map((each) => said.get(each)));
  const event = Object.fromEntries(names.map((name) => [streamNames[name], say(name)]));
  const type = snakeCase(text(say("type")) ?? "") || typeOf(meta.trigger_category);
  // The trigger's name is that of a kind of detections.
  const kind = { type, title: text(meta.trigger_name) };
  return detectionOf(event, kind, { ...context, eventCreationTime: say("updated") });
}

/** Whatever they belong to, `detections.hostname` and `incidents.hostname` are a host's name; the first one counts. */
function byLastName(data: Fields): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(data)) {
    const name = snakeCase(key.slice(key.lastIndexOf(".") + 1));
    if (!found.has(name) && text(value) !== undefined) found.set(name, value);
  }
  return found;
}

/** The value under a key, dots and all, or else step by step. */
function valueAt(body: Fields, where: string): unknown {
  if (Object.hasOwn(body, where)) return body[where];
  let value: unknown = body;
  for (const step of where.split(".")) {
    if (value === null || typeof value !== "object" || !Object.hasOwn(value, step)) return undefined;
    value = (value as Fields)[step];
  }
  return value;
}

const categories: readonly { readonly form: RegExp; readonly type: string }[] = [
  { form: /identity/i, type: "identity_detection" },
  { form: /mobile/i, type: "mobile_detection" },
  { form: /incident/i, type: "endpoint_incident" },
];

function typeOf(category: unknown): string {
  return categories.find(({ form }) => form.test(text(category) ?? ""))?.type ?? "endpoint_detection";
}
