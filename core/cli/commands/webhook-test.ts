import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import type { SourceTest } from "../../ingest/test-source.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";

export function webhookTest(webhook: Command, cli: Cli): void {
  webhook
    .command("test")
    .description("send a source a signed test event and show each stage that it passes")
    .argument("<source>")
    .option(...jsonFlag)
    .action(async (source: string, { json }: JsonOption) => {
      const test = await connect(cli.env).post<SourceTest>(`/api/webhooks/${encodeURIComponent(source)}/test`);
      if (json === true) cli.out.json(test);
      else printTest(test, cli);
      if (!test.ok) throw new UserError(`The test of ${source} failed: ${reasonOf(test)}`);
    });
}

function printTest({ stages, incident, note }: SourceTest, { out }: Cli): void {
  const widest = Math.max(0, ...stages.map(({ stage }) => stage.length));
  for (const { stage, ms, ok } of stages) {
    const mark = ok ? out.paint("green", "✔") : out.paint("red", "✘");
    out.line(`${mark} ${stage.padEnd(widest)}  ${ms.toFixed(2).padStart(8)} ms`);
  }
  if (note !== undefined) out.warn(note);
  if (incident?.incident_number === undefined) return;
  out.line(`${out.paint("green", "✔")} ${out.paint("bold", incident.incident_number)} was made, tagged test`);
}

function reasonOf({ error }: SourceTest): string {
  return error === undefined ? "the event was understood, but made no incident" : `${error.message} (${error.code})`;
}
