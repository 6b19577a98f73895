import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import type { SourceTest } from "../../ingest/test-source.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import { longestName, stageLine } from "../waterfall.ts";

export function webhookTest(webhook: Command, cli: Cli): void {
  webhook
    .command("test")
    .description("send a source a signed test event to its real endpoint, and show each step that it passes")
    .argument("<source>")
    .option(...jsonFlag)
    .action(async (source: string, { json }: JsonOption) => {
      const test = await connect(cli.env).post<SourceTest>(`/api/webhooks/${encodeURIComponent(source)}/test`);
      if (json === true) cli.out.json(test);
      else printTest(test, cli);
      if (!test.ok) throw new UserError(`The test of ${source} failed: ${reasonOf(test)}`);
    });
}

function printTest(test: SourceTest, { out }: Cli): void {
  const { url, connect_ms: connect, answer_ms: answer, status, stages, incident, note, ok } = test;
  const widest = Math.max("connect".length, longestName(stages));
  out.line(`${stageLine({ stage: "connect", ms: connect, ok: connect !== undefined }, widest, out)}  ${url}`);
  for (const stage of stages) out.line(stageLine(stage, widest, out));
  if (answer !== undefined) out.line(`${stageLine({ stage: "answer", ms: answer, ok }, widest, out)}  ${status}`);
  if (note !== undefined) out.warn(note);
  if (incident?.incident_number === undefined) return;
  out.line(`${out.paint("green", "✔")} ${out.paint("bold", incident.incident_number)} was made, tagged test`);
}

function reasonOf({ error }: SourceTest): string {
  return error === undefined ? "the event was understood, but made no incident" : `${error.message} (${error.code})`;
}
