import { type Command, Option } from "commander";
import { type Cli, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import { collectValues, parseTime } from "../values.ts";

interface Said {
  readonly source?: string;
  readonly since?: string;
  readonly until?: string;
  readonly outcome?: readonly string[];
  readonly code?: string;
  readonly wait: boolean;
  readonly json?: boolean;
}

/** Those that made no incident and have their bytes. */
const replayable: readonly string[] = ["rejected", "dead", "ignored"];
const preset: readonly string[] = ["rejected", "dead"];

export function deliveryReplay(delivery: Command, cli: Cli): void {
  const readTime = (text: string): string => parseTime(text, cli.now());
  const command = delivery
    .command("replay")
    .description("run the kept bytes of deliveries through today's plugin; what made an incident makes nothing twice")
    .argument("[id...]", "of deliveries; or pick them by what follows")
    .option("--source <source>", "those of this source")
    .option("--since <time>", "received at or after: how long ago (30m, 24h, 7d) or ISO 8601", readTime)
    .option("--until <time>", "received before: the same", readTime)
    .option(
      "--outcome <outcome>",
      "rejected, dead or ignored; may be repeated (default: rejected and dead)",
      collectValues,
    )
    .option("--code <code>", "those that failed for this reason, like invalid_payload")
    .option("--no-wait", "do not wait until the queue has settled them")
    .addOption(new Option(...jsonFlag));
  command.action(async (ids: readonly string[], { wait, json = false, ...said }: Said) => {
    const { outcome = preset } = said;
    const hasFilter = Object.values(said).some((value) => value !== undefined);
    if (ids.length === 0 && !hasFilter) {
      command.error("error: name a delivery, or pick some by --source, --since, --until, --outcome or --code");
    }
    if (ids.length > 0 && hasFilter) command.error("error: name deliveries, or pick them by filters, but not both");
    const odd = outcome.find((each) => !replayable.includes(each));
    if (odd !== undefined) {
      command.error(`error: --outcome ${odd}: only ${replayable.join(", ")} deliveries are replayed`);
    }
    const { runReplay } = await import("../replay/run.ts");
    await runReplay({ ids, filter: { ...said, outcome }, wait, json }, connect(cli.env), cli);
  });
}
