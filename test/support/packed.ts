/** Packages as npm makes and installs them, with nothing from a registry. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { root } from "./markdown.ts";
import { aCheckout } from "./page.ts";

const execute = promisify(execFile);

/** The tarballs of the SDK, as `npm pack` makes it of a clean checkout, and of everything that it needs. */
export async function packSdk(into: string): Promise<readonly string[]> {
  await using checkout = await aCheckout();
  await npm(checkout.folder, "pack", "--workspace", "sdk", "--pack-destination", into);
  // The manifest and the folder are what they were: nothing is left of the build.
  const copy = join(checkout.folder, "sdk");
  assert.equal(
    await readFile(join(copy, "package.json"), "utf8"),
    await readFile(join(root, "sdk/package.json"), "utf8"),
  );
  assert.deepEqual((await readdir(copy)).toSorted(), (await readdir(join(root, "sdk"))).toSorted());
  return [...(await tarballsIn(into)), ...(await packInstalled(into, ...dependenciesOf(join(root, "sdk"))))];
}

/** The tarballs of packages as this checkout has them, and of what they need. */
export async function packInstalled(into: string, ...names: readonly string[]): Promise<readonly string[]> {
  const before = await tarballsIn(into);
  const folders = names.map((name) => join(root, "node_modules", name));
  const all = new Set([...folders, ...folders.flatMap(dependenciesOf).map((name) => join(root, "node_modules", name))]);
  await npm(into, "pack", "--ignore-scripts", ...all);
  return (await tarballsIn(into)).filter((file) => !before.includes(file));
}

async function tarballsIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((file) => file.endsWith(".tgz")).map((file) => join(folder, file));
}

/** The names of those of a package, and of theirs. */
function dependenciesOf(folder: string): readonly string[] {
  const { dependencies = {} } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  const names = Object.keys(dependencies);
  return [...new Set([...names, ...names.flatMap((name) => dependenciesOf(join(root, "node_modules", name)))])];
}

/** Installs tarballs in a folder that is a package of nobody's. */
export async function install(folder: string, tarballs: readonly string[]): Promise<void> {
  await writeFile(join(folder, "package.json"), '{"private": true}\n');
  await npm(folder, "install", "--no-save", "--no-audit", "--no-fund", ...tarballs);
}

/** Runs npm with the Node and the tsc of this checkout. */
export async function npm(cwd: string, ...argv: readonly string[]): Promise<string> {
  const { PATH = "", HOME } = process.env;
  const env = {
    PATH: `${join(root, "node_modules/.bin")}${delimiter}${PATH}`,
    HOME,
    npm_config_cache: join(cwd, ".npm"),
    npm_config_offline: "true",
    npm_config_update_notifier: "false",
  };
  const { stdout } = await execute("npm", argv, { cwd, env });
  return stdout;
}
