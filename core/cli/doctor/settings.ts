import { relative } from "node:path";
import { readSettings } from "../../config/settings.ts";
import { type Check, ok } from "./check.ts";

export const settings: Check = {
  name: "settings",
  run({ env }) {
    const { configFile, configFileNamed } = readSettings(env);
    const given = Object.keys(env).filter((name) => name.startsWith("TW_")).length;
    const file = configFileNamed ? `, sources in ${relative(process.cwd(), configFile)}` : "";
    return Promise.resolve(ok(`${given} set by TW_*, the others as they are by default${file}`));
  },
};
