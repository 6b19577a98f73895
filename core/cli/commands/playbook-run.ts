import { type Command, Option } from "commander";
import { UserError } from "../../errors.ts";
import type { Run } from "../../runs/run.ts";
import type { Tried } from "../../triage/try.ts";
import { type Cli, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import { printable } from "../text.ts";
import { printSteps } from "../why.ts";

interface Said {
  readonly incident?: string;
  readonly file?: string;
  readonly plugin?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function playbookRun(playbook: Command, cli: Cli): void {
  const command = playbook
    .command("run")
    .description("run a playbook on an incident, or try it on one or on a payload")
    .argument("<name>", "like phishing_triage")
    .option("--incident <id|number>", "the incident")
    .option("--file <file>", "a payload instead, as a sender would send it; only with --dry-run")
    .option("--plugin <plugin>", "what understands the payload (default: the one that fits best)")
    .option("--dry-run", "do everything but change and send, and show what would come of it")
    .addOption(new Option(...jsonFlag));
  command.action(async (name: string, said: Said) => {
    const { incident, file, dryRun = false } = said;
    if ((incident === undefined) === (file === undefined))
      command.error("error: name --incident or --file, one of them");
    if (file !== undefined && !dryRun)
      command.error("error: --file goes with --dry-run: nothing is stored of a payload");
    if (dryRun) await tryIt(name, said, cli);
    else await start(name, incident ?? "", said, cli);
  });
}

async function start(playbook: string, incident: string, { json }: Said, cli: Cli): Promise<void> {
  const run = await connect(cli.env).post<Run>(`/api/incidents/${encodeURIComponent(incident)}/triage`, { playbook });
  if (json === true) return cli.out.json(run);
  cli.out.line(
    `${cli.out.paint("green", "✔")} ${playbook} runs on ${run.incident_number}; see: tw-cli incident show ${run.incident_number} --why`,
  );
}

async function tryIt(playbook: string, { incident, file, plugin, json }: Said, cli: Cli): Promise<void> {
  const on =
    file === undefined ? { incident } : { payload: await readPayload(file), ...(plugin !== undefined && { plugin }) };
  const tried = await connect(cli.env).post<Tried>(`/api/playbooks/${encodeURIComponent(playbook)}/try`, on);
  if (json === true) cli.out.json(tried);
  else print(tried, cli);
  if (tried.state === "failed") throw new UserError(`The run failed: ${tried.reason}`);
}

async function readPayload(file: string): Promise<unknown> {
  const { readText } = await import("../playbooks.ts");
  try {
    return JSON.parse(await readText(file)) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) throw new UserError(`${file}: is not JSON: ${error.message}`);
    throw error;
  }
}

function print(
  { playbook, version, incident_number, steps, verdict, severity, status, tags, would }: Tried,
  { out }: Cli,
): void {
  out.line(out.paint("bold", `${playbook} ${version} on ${incident_number ?? "the payload"}, changing nothing`));
  out.line();
  printSteps(steps, verdict, out);
  out.line();
  out.fields([
    ["severity", severity],
    ["status", status],
    ["tags", printable(tags.join(", "))],
    ["would tell", printable(would.messages.map(({ channel, text }) => `${channel}: ${text}`).join("; "))],
    ["would ask", printable(would.approvals.map(({ question }) => question).join("; "))],
    [
      "would do",
      printable(would.requests.map(({ service, method, path }) => `${service}: ${method} ${path}`).join("; ")),
    ],
  ]);
}
