/** `tw-cli`: the list of its commands, and what becomes of their errors. */
import { Command, CommanderError } from "commander";
import manifest from "../../package.json" with { type: "json" };
import type { Cli } from "./cli.ts";
import { approvalDeny } from "./commands/approval-deny.ts";
import { approvalGrant } from "./commands/approval-grant.ts";
import { approvalList } from "./commands/approval-list.ts";
import { configValidate } from "./commands/config-validate.ts";
import { deliveryList } from "./commands/delivery-list.ts";
import { deliveryReplay } from "./commands/delivery-replay.ts";
import { deliveryShow } from "./commands/delivery-show.ts";
import { demo } from "./commands/demo.ts";
import { doctor } from "./commands/doctor.ts";
import { incidentAssign } from "./commands/incident-assign.ts";
import { incidentClose, incidentResolve } from "./commands/incident-close.ts";
import { incidentComment } from "./commands/incident-comment.ts";
import { incidentExport } from "./commands/incident-export.ts";
import { incidentList } from "./commands/incident-list.ts";
import { incidentMerge, incidentSplit } from "./commands/incident-merge.ts";
import { incidentShow } from "./commands/incident-show.ts";
import { incidentUpdate } from "./commands/incident-update.ts";
import { incidentWatch } from "./commands/incident-watch.ts";
import { logs } from "./commands/logs.ts";
import { playbookList } from "./commands/playbook-list.ts";
import { playbookRun } from "./commands/playbook-run.ts";
import { playbookShow } from "./commands/playbook-show.ts";
import { playbookTest } from "./commands/playbook-test.ts";
import { playbookValidate } from "./commands/playbook-validate.ts";
import { pluginCatalogue } from "./commands/plugin-catalogue.ts";
import { pluginCheck } from "./commands/plugin-check.ts";
import { pluginDev } from "./commands/plugin-dev.ts";
import { pluginList } from "./commands/plugin-list.ts";
import { pluginNew } from "./commands/plugin-new.ts";
import { pluginPresets } from "./commands/plugin-presets.ts";
import { queueShow } from "./commands/queue-show.ts";
import { queueStatus } from "./commands/queue-status.ts";
import { serve } from "./commands/serve.ts";
import { storeCopy } from "./commands/store-copy.ts";
import { storeMigrate } from "./commands/store-migrate.ts";
import { trace } from "./commands/trace.ts";
import { webhookAdd } from "./commands/webhook-add.ts";
import { webhookDelete } from "./commands/webhook-delete.ts";
import { webhookList } from "./commands/webhook-list.ts";
import { webhookShow } from "./commands/webhook-show.ts";
import { webhookTest } from "./commands/webhook-test.ts";
import { webhookUpdate } from "./commands/webhook-update.ts";
import { work } from "./commands/work.ts";
import { explain } from "./explain.ts";
import { createOutput } from "./output.ts";
import { Interrupted } from "./stop-signal.ts";

const failed = 1;
const misused = 2;
/** As shells have it: 128 and the number of SIGINT. */
const interrupted = 130;

/** The commands of `tw-cli`, each in a file of its own. */
export function createProgram(cli: Cli): Command {
  const program = new Command("tw-cli")
    .description("Thruway: signed webhooks from security tools become stored, numbered, triaged incidents.")
    .version(manifest.version)
    // Else `incident update INC-2026-0001 --version 3` would say Thruway's version, and change nothing.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({ writeErr: (text) => cli.out.note(text.trimEnd()) })
    .addHelpText("after", environment);

  serve(program, cli);
  work(program, cli);
  demo(program, cli);
  logs(program, cli);
  doctor(program, cli);
  const webhook = program.command("webhook").description("the sources: who sends events, and how they prove it");
  for (const add of [webhookAdd, webhookList, webhookShow, webhookUpdate, webhookDelete, webhookTest])
    add(webhook, cli);
  const incident = program.command("incident").description("what became of the events");
  for (const add of [incidentList, incidentShow, incidentWatch, incidentUpdate, incidentComment]) add(incident, cli);
  for (const add of [incidentAssign, incidentResolve, incidentClose, incidentMerge, incidentSplit]) add(incident, cli);
  incidentExport(incident, cli);
  const delivery = program.command("delivery").description("what arrived, and why it was refused");
  for (const add of [deliveryList, deliveryShow, deliveryReplay]) add(delivery, cli);
  const queue = program.command("queue").description("what waits to be worked off");
  for (const add of [queueStatus, queueShow]) add(queue, cli);
  trace(program, cli);
  const playbook = program.command("playbook").description("what triages the incidents");
  for (const add of [playbookList, playbookShow, playbookValidate, playbookTest, playbookRun]) add(playbook, cli);
  const approval = program.command("approval").description("what playbooks ask before they do it");
  for (const add of [approvalList, approvalGrant, approvalDeny]) add(approval, cli);
  const plugin = program.command("plugin").description("what understands the senders");
  for (const add of [pluginNew, pluginCheck, pluginDev, pluginList, pluginPresets, pluginCatalogue]) add(plugin, cli);
  const store = program.command("store").description("where everything is stored");
  for (const add of [storeMigrate, storeCopy]) add(store, cli);
  configValidate(program.command("config").description("the configuration file"), cli);
  return program;
}

const environment = `
Environment:
  TW_API_URL     the gateway to talk to (default: http://localhost:8080)
  TW_API_KEY     the API token (default: the admin token in TW_DATA_DIR, or in ./data, of a gateway on this machine)
  TW_JAEGER_URL  where \`tw-cli trace\` reads traces (default: http://localhost:16686)
  NO_COLOR       no colours`;

/** Runs a command line and sets the exit code: 0, 1 for what went wrong, 2 for what was said wrong, 130 for Ctrl-C. */
export async function main(argv: readonly string[]): Promise<void> {
  const out = createOutput(process.stdout, process.stderr);
  const cli: Cli = { env: process.env, stdin: process.stdin, out, now: () => new Date() };
  allowNoReader(process.stdout);
  try {
    await createProgram(cli).parseAsync(argv);
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has said it already.
      process.exitCode = error.exitCode === 0 ? 0 : misused;
      return;
    }
    if (error instanceof Interrupted) {
      process.exitCode = interrupted;
      return;
    }
    out.error(explain(error));
    process.exitCode = failed;
  }
}

/** `tw-cli incident list --all | head` closes the pipe early; that is no mistake, and what a command has to tidy up it still does. */
function allowNoReader(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
