import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings } from "../../config/settings.ts";
import { UserError } from "../../errors.ts";
import type { Incident } from "../../incidents/incident.ts";
import { type Gateway, startGateway } from "../../main.ts";
import type { Cli } from "../cli.ts";
import { connect } from "../client.ts";
import { incidentColumns } from "../commands/incident-list.ts";
import { readList } from "../list.ts";
import { stopSignal } from "../stop-signal.ts";
import { count } from "../text.ts";
import { printDelivered, printNext } from "./report.ts";
import { type Delivered, sendSamples } from "./send-samples.ts";

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
  const folder = await mkdtemp(join(tmpdir(), "thruway-demo-"));
  try {
    await present(folder, options, cli, stop.received);
  } finally {
    await rm(folder, { recursive: true, force: true });
    stop.forget();
  }
}

async function present(folder: string, options: DemoOptions, cli: Cli, stopped: Promise<"stopped">): Promise<void> {
  const env = await demoEnvironment(folder, options, cli.env);
  const gateway = await start(env);
  try {
    const sent = await Promise.race([show(gateway, folder, env, options, cli), stopped]);
    if (sent === "stopped") return;
    if (options.once !== true) {
      printNext(gateway.url, folder, cli);
      await stopped;
      cli.out.line();
    }
    const lost = sent.filter(({ status }) => status !== "accepted" && status !== "ignored");
    if (lost.length > 0) throw new UserError(`${count(lost.length, "sample")} of ${sent.length} did not get through`);
  } finally {
    await gateway.close();
  }
}

async function show(
  gateway: Gateway,
  folder: string,
  env: NodeJS.ProcessEnv,
  { json }: DemoOptions,
  cli: Cli,
): Promise<readonly Delivered[]> {
  const api = connect({ TW_API_URL: gateway.url, TW_DATA_DIR: folder });
  if (json !== true)
    cli.out.line(`A throw-away gateway runs at ${gateway.url}. Sending it a signed sample of everything:\n`);
  const sent = await sendSamples(api, env, cli.now);
  const { data } = await readList<Incident>(api, "/api/incidents", { include_tests: true }, { all: true });
  // Incidents of one delivery share their time, by which lists are ordered.
  const incidents = data.toSorted((one, other) => one.number.localeCompare(other.number));
  if (json === true) {
    cli.out.json({ deliveries: sent, incidents });
    return sent;
  }
  printDelivered(sent, cli);
  cli.out.line(`\nThey became ${count(incidents.length, "incident")}:\n`);
  await cli.out.table(incidentColumns, incidents);
  return sent;
}

/** Only what a demo may share with a real gateway on this machine: its plugins, and where it listens. */
async function demoEnvironment(
  folder: string,
  { json }: DemoOptions,
  env: NodeJS.ProcessEnv,
): Promise<NodeJS.ProcessEnv> {
  const config = join(folder, "webhook_config.yaml");
  await writeFile(config, "sources: {}\n");
  const level = json === true ? undefined : env.TW_LOG_LEVEL;
  return {
    TW_DATA_DIR: folder,
    TW_CONFIG: config,
    TW_LOG_LEVEL: level ?? "silent",
    TW_HOST: env.TW_HOST,
    TW_PORT: env.TW_PORT,
    TW_PLUGINS: env.TW_PLUGINS,
  };
}

/** On the port of the documentation where that is free, else on any. */
async function start(env: NodeJS.ProcessEnv): Promise<Gateway> {
  try {
    return await startGateway(readSettings(env), env);
  } catch (error) {
    if (!isAddressTaken(error) || env.TW_PORT) throw error;
    return startGateway(readSettings({ ...env, TW_PORT: "0" }), env);
  }
}

function isAddressTaken(error: unknown): boolean {
  return (
    error instanceof UserError &&
    error.cause instanceof Error &&
    "code" in error.cause &&
    error.cause.code === "EADDRINUSE"
  );
}
