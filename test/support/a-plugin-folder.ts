/** A plugin in a folder of its own, outside the checkout, that can import the SDK. */
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { root } from "./markdown.ts";

export interface PluginFolder extends AsyncDisposable {
  /** The plugin's: `acme`, in a folder that is otherwise empty. */
  readonly path: string;
  /** Writes a file of it, by its path from there. */
  write(file: string, text: string): Promise<void>;
}

const template = join(root, "core/cli/plugin-kit/template");

/** @param files beside those of the template, or instead of them */
export async function aPluginFolder(files: Readonly<Record<string, string>> = {}): Promise<PluginFolder> {
  const home = await realpath(await mkdtemp(join(tmpdir(), "thruway-test-plugin-")));
  const path = join(home, "acme");
  await cp(template, path, { recursive: true });
  await symlink(join(root, "node_modules"), join(home, "node_modules"));
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), text);
  };
  for (const [file, text] of Object.entries(files)) await write(file, text);
  return { path, write, [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }) };
}
