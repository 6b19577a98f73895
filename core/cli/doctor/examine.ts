import { readSettings } from "../../config/settings.ts";
import { messageOf } from "../../errors.ts";
import { loadPlugins } from "../../registry/plugins.ts";
import { inspectStore } from "../../store/open.ts";
import { within } from "../../store/within.ts";
import { connect } from "../client.ts";
import { type Answering, type Check, failure, NotReadable, type Patient, type Verdict, warning } from "./check.ts";
import { clock } from "./clock.ts";
import { dataFolder } from "./data-folder.ts";
import { disk } from "./disk.ts";
import { exporter } from "./exporter.ts";
import { gateway } from "./gateway.ts";
import { plugins } from "./plugins.ts";
import { queue } from "./queue.ts";
import { settings } from "./settings.ts";
import { sources } from "./sources.ts";
import { spool } from "./spool.ts";
import { store } from "./store.ts";

/** In the order in which they are shown. */
const checks: readonly Check[] = [
  settings,
  dataFolder,
  disk,
  clock,
  store,
  spool,
  queue,
  plugins,
  sources,
  exporter,
  gateway,
];

const longestMs = 8_000;

export interface Examined extends Verdict {
  readonly check: string;
}

/** Makes every check, all at once, each within some seconds. Nothing is changed by it. */
export function examine(env: NodeJS.ProcessEnv, now: () => Date): Promise<readonly Examined[]> {
  const patient = patientOf(env, now);
  return Promise.all(checks.map(async ({ name, run }) => ({ check: name, ...(await tried(() => run(patient))) })));
}

async function tried(run: () => Promise<Verdict>): Promise<Verdict> {
  try {
    return await within(longestMs, run);
  } catch (error) {
    if (error instanceof NotReadable) return warning(`not looked at: ${error.message}`);
    return failure(messageOf(error));
  }
}

function patientOf(env: NodeJS.ProcessEnv, now: () => Date): Patient {
  const settings = once(async () => {
    try {
      return readSettings(env);
    } catch (cause) {
      throw new NotReadable("the settings have to be mended first", { cause });
    }
  });
  return {
    env,
    now,
    settings,
    plugins: once(async () => loadPlugins((await settings()).pluginsFile)),
    store: once(async () => {
      const { storeUrl, storeTimeoutMs } = await settings();
      return inspectStore(storeUrl, storeTimeoutMs, now());
    }),
    gateway: once(async (): Promise<Answering> => {
      const api = connect(env);
      const asked = now();
      const view = await api.get<Answering["view"]>("/api/gateway");
      const answered = now();
      return { url: api.url, view, ready: await api.get<Answering["ready"]>("/readyz"), asked, answered };
    }),
  };
}

/** Asks once, and gives everybody the same answer. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
