import type { Command } from "commander";
import type { DeliveryRecord } from "../../store/ports.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import { outcomeFormat, printable, timeUtc } from "../text.ts";

/** What became of a queued delivery, as the API shows it. */
interface QueuedEvent
  extends Pick<
    DeliveryRecord,
    "source" | "code" | "reason" | "attempts" | "next_attempt_at" | "received_at" | "duplicate_of" | "incidents"
  > {
  readonly queue_id: string;
  readonly delivery_id: string;
  readonly state: DeliveryRecord["outcome"];
}

export function queueShow(queue: Command, cli: Cli): void {
  queue
    .command("show")
    .description("show what became of an event that was answered queued")
    .argument("<queue_id>", "like queue-01a20d45-932c-74ac-afaf-878d53922f16")
    .option(...jsonFlag)
    .action(async (queueId: string, { json }: JsonOption) => {
      const event = await connect(cli.env).get<QueuedEvent>(`/api/queue/${encodeURIComponent(queueId)}`);
      if (json === true) return cli.out.json(event);
      const { state, code, reason, attempts } = event;
      cli.out.fields([
        ["queue id", event.queue_id],
        ["state", cli.out.paint(outcomeFormat[state], state) + (code === null ? "" : ` (${code})`)],
        ["reason", reason && printable(reason)],
        ["incidents", event.incidents.map(({ incident_number }) => incident_number).join(", ")],
        ["duplicate of", event.duplicate_of],
        ["source", event.source],
        ["received", timeUtc(event.received_at)],
        ["attempts", String(attempts)],
        ["next attempt", timeUtc(event.next_attempt_at)],
        ["delivery", event.delivery_id],
      ]);
    });
}
