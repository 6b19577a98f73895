import { UserError } from "../../errors.ts";
import type { Incident } from "../../incidents/incident.ts";
import type { Cli } from "../cli.ts";
import { incidentColumns } from "../commands/incident-list.ts";
import { readList } from "../list.ts";
import { stopSignal } from "../stop-signal.ts";
import { count } from "../text.ts";
import { type ThrowAway, throwAwayGateway } from "../throw-away.ts";
import { printDelivered, printNext } from "./report.ts";
import { type Delivered, sendSamples } from "./send-samples.ts";
import { printTriaged, type TriagedMail, triageMails } from "./triage-mails.ts";

/** How a demo was asked for. */
export interface DemoOptions {
  readonly once?: boolean;
  readonly json?: boolean;
}

/**
 * A gateway in a folder of its own, from its start to the removal of the folder.
 *
 * @throws {UserError} at the end, where a sample did not get through
 */
export async function runDemo(options: DemoOptions, cli: Cli): Promise<void> {
  const stop = stopSignal();
  try {
    await present(options, cli, stop.received);
  } finally {
    stop.forget();
  }
}

async function present(options: DemoOptions, cli: Cli, stopped: Promise<"stopped">): Promise<void> {
  const own = await throwAwayGateway(cli.env, options.json === true);
  try {
    const shown = await Promise.race([show(own, options, cli), stopped]);
    if (shown === "stopped") return;
    const { sent, triaged } = shown;
    if (options.once !== true) {
      printNext({ ...own, triaged }, cli);
      await stopped;
      cli.out.line();
    }
    const lost = sent.filter(({ status }) => status !== "accepted" && status !== "ignored");
    if (lost.length > 0) throw new UserError(`${count(lost.length, "sample")} of ${sent.length} did not get through`);
  } finally {
    await own.close();
  }
}

interface Shown {
  readonly sent: readonly Delivered[];
  readonly triaged: readonly TriagedMail[];
}

async function show({ api, env }: ThrowAway, { json }: DemoOptions, cli: Cli): Promise<Shown> {
  if (json !== true)
    cli.out.line(`A throw-away gateway runs at ${api.url}. Sending it a signed sample of everything:\n`);
  const sent = await sendSamples(api, env, cli.now);
  const triaged = await triageMails(api, cli.now);
  const { data } = await readList<Incident>(api, "/api/incidents", { include_tests: true }, { all: true });
  // Incidents of one delivery share their time, by which lists are ordered.
  const incidents = data.toSorted((one, other) => one.number.localeCompare(other.number));
  if (json === true) {
    cli.out.json({ deliveries: sent, incidents, triaged });
    return { sent, triaged };
  }
  printDelivered(sent, cli);
  cli.out.line(`\nThey became ${count(incidents.length, "incident")}:\n`);
  await cli.out.table(incidentColumns, incidents);
  cli.out.line("\nTwo mails from Defender were triaged by themselves, and this is why:\n");
  printTriaged(triaged, cli.out);
  return { sent, triaged };
}
