import type { Command } from "commander";
import type { DeliveryRecord } from "../../store/ports.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import type { Output } from "../output.ts";
import { count, outcomeFormat, printable, timeUtc } from "../text.ts";

/** A delivery as the API shows it: the bytes as text where they are UTF-8. */
type ShownDelivery = DeliveryRecord & {
  readonly body: string | null;
  readonly body_encoding: "utf8" | "base64" | null;
};

export function deliveryShow(delivery: Command, cli: Cli): void {
  delivery
    .command("show")
    .description("show a delivery: its stages, why it was refused, and its body")
    .argument("<id>")
    .option(...jsonFlag)
    .action(async (id: string, { json }: JsonOption) => {
      const found = await connect(cli.env).get<ShownDelivery>(`/api/deliveries/${encodeURIComponent(id)}`);
      if (json === true) return cli.out.json(found);
      printDelivery(found, cli.out);
    });
}

function printDelivery(delivery: ShownDelivery, out: Output): void {
  const { outcome, code, reason, details, incidents, stages } = delivery;
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
    ["stages", stages.map(({ stage, ms }) => `${stage} ${ms.toFixed(2)} ms`).join(", ")],
    ["body", `${count(delivery.body_bytes, "byte")}${bodyNote(delivery)}`],
  ]);
  if (delivery.body !== null) out.line(`\n${printable(delivery.body, { lines: true })}`);
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
