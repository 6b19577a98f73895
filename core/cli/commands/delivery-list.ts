import type { Command } from "commander";
import type { DeliveryRecord } from "../../store/ports.ts";
import type { Cli } from "../cli.ts";
import { connect } from "../client.ts";
import { addListOptions, type ListOptions, noteMore, readList } from "../list.ts";
import type { Column, Output } from "../output.ts";
import { outcomeFormat, time } from "../text.ts";
import { collectValues } from "../values.ts";

interface Filters extends ListOptions {
  readonly source?: string;
  readonly outcome?: readonly string[];
  readonly code?: string;
}

const columns: readonly Column<DeliveryRecord>[] = [
  { head: "DELIVERY", value: ({ id }) => id },
  { head: "RECEIVED (UTC)", value: ({ received_at }) => time(received_at) },
  { head: "SOURCE", value: ({ source }) => source },
  { head: "OUTCOME", value: ({ outcome }) => outcome, format: ({ outcome }) => outcomeFormat[outcome] },
  { head: "INCIDENT", value: ({ incidents: [first, ...rest] }) => numbers(first?.incident_number, rest.length) },
  { head: "CODE", value: ({ code }) => code ?? "-", optional: true },
  { head: "REASON", value: ({ reason }) => reason ?? "-", flexible: true },
];

/** A line for each. */
export function printDeliveries(deliveries: readonly DeliveryRecord[], out: Output): Promise<void> {
  return out.table(columns, deliveries);
}

export function deliveryList(delivery: Command, cli: Cli): void {
  const command = delivery
    .command("list")
    .description("list what arrived and what became of it, the newest first")
    .option("--source <source>", "of this source")
    .option(
      "--outcome <outcome>",
      "accepted, duplicate, ignored, queued, rejected, dead or refused; may be repeated",
      collectValues,
    )
    .option("--code <code>", "refused for this reason, like invalid_signature");
  addListOptions(command, cli).action(async (filters: Filters) => {
    const { source, outcome, code } = filters;
    const list = await readList<DeliveryRecord>(
      connect(cli.env),
      "/api/deliveries",
      { source, outcome, code },
      filters,
    );
    if (filters.json === true) return cli.out.json(list);
    if (list.data.length === 0) return cli.out.line("No delivery.");
    await printDeliveries(list.data, cli.out);
    noteMore(list, cli);
  });
}

function numbers(first: string | undefined, more: number): string {
  if (first === undefined) return "-";
  return more === 0 ? first : `${first} +${more}`;
}
