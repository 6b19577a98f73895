import { readFile } from "node:fs/promises";
import { relative } from "node:path";
import { readSettings } from "../config/settings.ts";
import { messageOf, UserError } from "../errors.ts";
import { loadPlugins, type Plugins } from "../registry/plugins.ts";
import { actionsOf } from "../triage/actions/index.ts";
import { type Library, libraryOf, type PlaybookText, readTexts } from "../triage/library.ts";

/**
 * The playbooks as a gateway here would read them, and besides the files that are named; needs no gateway.
 *
 * @throws {UserError} where a file cannot be read
 */
export async function readLibrary(
  env: NodeJS.ProcessEnv,
  files: readonly string[],
): Promise<{ readonly library: Library; readonly plugins: Plugins }> {
  const settings = readSettings(env);
  const plugins = await loadPlugins(settings.pluginsFile);
  const texts: PlaybookText[] = [...(await readTexts(settings.playbooksDir))];
  for (const file of files) texts.push({ file, text: await readText(file), origin: "folder" });
  return { library: libraryOf(texts, actionsOf(plugins.all)), plugins };
}

/** @throws {UserError} */
export async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new UserError(`${file}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

/** As a person here would type it. */
export function shownFile(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith("..") ? file : path;
}
