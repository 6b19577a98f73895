import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings } from "../config/settings.ts";
import { UserError } from "../errors.ts";
import { type Gateway, type Ports, startGateway } from "../main.ts";
import { alone } from "../supervise/host.ts";
import { type Api, connect } from "./client.ts";

/** A gateway in a folder of its own, which is gone when it is closed. */
export interface ThrowAway {
  readonly gateway: Gateway;
  readonly api: Api;
  readonly folder: string;
  /** What it was started with. */
  readonly env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

/** @throws {UserError} where it cannot start; nothing is left behind then */
export async function throwAwayGateway(env: NodeJS.ProcessEnv, quiet: boolean, ports: Ports = {}): Promise<ThrowAway> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-throw-away-"));
  const removed = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const own = await environmentIn(folder, env, quiet);
    const gateway = await start(own, ports);
    return {
      gateway,
      api: connect({ TW_API_URL: gateway.url, TW_DATA_DIR: folder }),
      folder,
      env: own,
      async close() {
        try {
          await gateway.close();
        } finally {
          await removed();
        }
      },
    };
  } catch (error) {
    await removed();
    throw error;
  }
}

/** Only what it may share with a real gateway on this machine: its plugins, and where it listens. */
async function environmentIn(folder: string, env: NodeJS.ProcessEnv, quiet: boolean): Promise<NodeJS.ProcessEnv> {
  const config = join(folder, "webhook_config.yaml");
  await writeFile(config, "sources: {}\n");
  const level = quiet ? undefined : env.TW_LOG_LEVEL;
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
async function start(env: NodeJS.ProcessEnv, ports: Ports): Promise<Gateway> {
  try {
    return await startGateway(readSettings(env), env, alone, ports);
  } catch (error) {
    if (!isAddressTaken(error) || env.TW_PORT) throw error;
    return startGateway(readSettings({ ...env, TW_PORT: "0" }), env, alone, ports);
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
