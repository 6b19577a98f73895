import { access } from "node:fs/promises";
import { readConfigFile, takeConfig } from "../../config/config-file.ts";
import { readMasterKey } from "../../config/keyring.ts";
import type { Settings } from "../../config/settings.ts";
import { messageOf } from "../../errors.ts";
import type { Plugins } from "../../registry/plugins.ts";
import { fixedStore } from "../../sources/fixed-store.ts";
import { sealer } from "../../sources/seal.ts";
import { shortSecret } from "../../sources/secrets.ts";
import { type Source, Sources } from "../../sources/sources.ts";
import type { SourceRecord } from "../../store/ports.ts";
import { count } from "../text.ts";
import { type Check, NotReadable, type Patient, warning, worst } from "./check.ts";

/** Of documentation, and the first that anybody tries. */
const wellKnown = new Set(["your-secret", "your-secret-key", "secret", "changeme", "password", "test"]);

export const sources: Check = {
  name: "sources",
  async run(patient) {
    const [settings, plugins, { content }] = await needed(patient);
    const records = content?.sources ?? [];
    const loaded = new Sources({
      store: fixedStore(records),
      plugins,
      sealer: sealer(await keyFor(settings, records)),
      now: patient.now,
    });
    const { unreadable } = await loaded.reload();
    const failures = [
      ...unreadable.map(({ error }) => messageOf(error)),
      ...(await takeFile(settings, patient.env, loaded)),
      ...loaded.list().flatMap(({ source, problem }) => (problem === undefined ? [] : [`${source}: ${problem}`])),
    ];
    const all = loaded.list().flatMap(({ source }) => loaded.find(source) ?? []);
    if (all.length === 0 && failures.length === 0) return warning("there is none yet: tw-cli webhook add <name>");
    return worst(count(all.length, "source"), failures, all.flatMap(weaknesses));
  },
};

async function needed({
  settings,
  plugins,
  store,
}: Patient): Promise<readonly [Settings, Plugins, Awaited<ReturnType<Patient["store"]>>]> {
  try {
    return await Promise.all([settings(), plugins(), store()]);
  } catch (cause) {
    throw new NotReadable("settings, plugins and store have to be readable first", { cause });
  }
}

/** Only what is stored is sealed. */
async function keyFor(settings: Settings, records: readonly SourceRecord[]): Promise<Buffer> {
  return records.length === 0 ? Buffer.alloc(32) : (await readMasterKey(settings)).masterKey;
}

async function takeFile(settings: Settings, env: NodeJS.ProcessEnv, loaded: Sources): Promise<readonly string[]> {
  const { configFile, configFileNamed } = settings;
  const isThere = await access(configFile).then(
    () => true,
    () => false,
  );
  if (!isThere && !configFileNamed) return [];
  try {
    return takeConfig(await readConfigFile(configFile, env), loaded).problems;
  } catch (error) {
    return messageOf(error).split("\n");
  }
}

function weaknesses({ name, view, credentials }: Source): readonly string[] {
  const { secrets, allowUnsigned } = credentials;
  const found: string[] = [];
  const change = `tw-cli webhook update ${name}`;
  if (view.auto_triage && view.playbook === null)
    found.push(`${name} has auto_triage and no playbook: ${change} --playbook <name>`);
  if (allowUnsigned) found.push(`${name} takes what anybody sends (allow_unsigned)`);
  if (secrets.some((secret) => wellKnown.has(secret.toLowerCase()))) {
    found.push(`${name} has a secret that stands in every manual: openssl rand -hex 32 | ${change} --add-secret-stdin`);
  } else if (secrets.some((secret) => secret.length < shortSecret)) {
    found.push(
      `${name} has a secret of fewer than ${shortSecret} characters: openssl rand -hex 32 | ${change} --add-secret-stdin`,
    );
  }
  return found;
}
