import type { Command } from "commander";
import type { Incident } from "../../incidents/incident.ts";
import type { Diagnosis } from "../../store/ports.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { type Api, connect } from "../client.ts";
import type { Output } from "../output.ts";
import type { ShownDelivery } from "../shown-delivery.ts";
import { count, duration, outcomeFormat, printable, timeUtc } from "../text.ts";
import { printWaterfall } from "../waterfall.ts";
import { printDeliveries } from "./delivery-list.ts";

export function deliveryShow(delivery: Command, cli: Cli): void {
  delivery
    .command("show")
    .description("show a delivery: its stages, why it was refused and what to do, and its body")
    .argument("<id>", "its id, the X-Request-Id of its answer, a queue_id, or the number of an incident")
    .option(...jsonFlag)
    .action(async (id: string, { json }: JsonOption) => {
      const api = connect(cli.env);
      const [first = id, ...others] = await idsOf(id, api);
      const found = await read(first, api);
      if (others.length > 0) {
        const all = [found, ...(await Promise.all(others.map((each) => read(each, api))))];
        return json === true ? cli.out.json({ data: all }) : printDeliveries(all, cli.out);
      }
      if (json === true) return cli.out.json(found);
      printDelivery(found, cli.out);
    });
}

/** More of one incident's are not read at once. */
const mostOfIncident = 20;

/** The newest first, where an incident is made of several. */
async function idsOf(id: string, api: Api): Promise<readonly string[]> {
  if (!/^INC-\d{4}-\d+$/i.test(id)) return [id.replace(/^queue-/, "")];
  const { deliveries } = await api.get<Incident>(`/api/incidents/${encodeURIComponent(id.toUpperCase())}`);
  return deliveries.slice(-mostOfIncident).toReversed();
}

function read(id: string, api: Api): Promise<ShownDelivery> {
  return api.get<ShownDelivery>(`/api/deliveries/${encodeURIComponent(id)}`);
}

function printDelivery(delivery: ShownDelivery, out: Output): void {
  const { outcome, code, reason, details, incidents, stages, diagnosis, advice } = delivery;
  const text = (value: string | null): string | null => value && printable(value);
  out.fields([
    ["delivery", delivery.id],
    ["outcome", out.paint(outcomeFormat[outcome], outcome) + (code === null ? "" : ` (${code})`)],
    ["reason", text(reason)],
    ...(details ?? []).map(({ path, message }) => ["", printable(`${path}: ${message}`)] as const),
    ["incidents", incidents.map(({ incident_number }) => incident_number).join(", ")],
    ["duplicate of", delivery.duplicate_of],
    ["source", `${delivery.source}${delivery.plugin === null ? "" : ` (${delivery.plugin})`}`],
    ["received", timeUtc(delivery.received_at)],
    ["from", `${delivery.address}${delivery.user_agent === null ? "" : ` (${printable(delivery.user_agent)})`}`],
    ["proved by", delivery.scheme],
    ["attempts", delivery.attempts === 0 ? null : String(delivery.attempts)],
    ["next attempt", timeUtc(delivery.next_attempt_at)],
    ["trace", delivery.trace_url ?? delivery.trace_id],
    ["body", `${count(delivery.body_bytes, "byte")}${bodyNote(delivery)}`],
    ...(diagnosis === null ? [] : diagnosisFields(diagnosis)),
  ]);
  for (const { message } of diagnosis?.findings ?? []) out.line(`${out.paint("red", "✘")} ${printable(message)}`);
  if (stages.length > 0) {
    out.line();
    printWaterfall(stages, out);
  }
  if (advice.length > 0) out.line();
  for (const each of advice) out.line(`→ ${printable(each)}`);
  if (delivery.body !== null) out.line(`\n${printable(delivery.body, { lines: true })}`);
}

function diagnosisFields(diagnosis: Diagnosis): readonly (readonly [string, string | null])[] {
  const { expected, proof, timestamp, clock_difference_seconds: difference, tried, findings } = diagnosis;
  const found = findings.length === 0 ? "none of them fits" : `${findings.length} of what was looked for fits`;
  return [
    ["body SHA-256", diagnosis.body_sha256],
    ["expected", printable(expected.summary)],
    ["carried", proof.map(({ path, found }) => `${printable(path)} ${found}`).join(", ")],
    ["timestamp", timestamp === null ? null : `${printable(timestamp)}${clockNote(difference)}`],
    ["tried", tried === 0 ? null : `${count(tried, "usual mistake")}: ${found}`],
  ];
}

function clockNote(seconds: number | null): string {
  if (seconds === null) return "";
  if (Math.abs(seconds) < 1) return ", the time of receipt";
  return `, ${duration(Math.abs(seconds))} ${seconds > 0 ? "before" : "after"} the receipt`;
}

function bodyNote({
  body,
  body_encoding: encoding,
  duplicate_of: original,
  content_type: type,
}: ShownDelivery): string {
  const kind = type === null ? "" : ` of ${printable(type)}`;
  if (encoding === "base64") return `${kind}, in base64`;
  if (body !== null) return kind;
  return `${kind}, ${original === null ? "not kept" : `kept by delivery ${original}`}`;
}
