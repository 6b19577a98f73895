import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import { UserError } from "../../../errors.ts";
import { readList } from "../../../registry/plugins.ts";
import { checkoutOf } from "./checkout.ts";
import { type Names, namesOf, rename } from "./names.ts";
import { installation, packageFiles } from "./package-files.ts";

/** How a plugin was asked for. */
export interface Wanted {
  readonly name: string;
  readonly title?: string;
  /** Its folder; in a checkout `plugins/<name>`, elsewhere `<name>`. */
  readonly dir?: string;
}

/** What was written. */
export interface Written {
  readonly name: string;
  readonly title: string;
  readonly folder: string;
  /** From the folder. */
  readonly files: readonly string[];
  /** The list that names it now; `null` for a package, which its user names. */
  readonly listed_in: string | null;
}

const template = join(import.meta.dirname, "../template");

/**
 * Writes a plugin that works: in a checkout of Thruway a folder, named in its `plugins.json`; elsewhere a package.
 *
 * @param cwd where relative paths start
 * @throws {UserError} for a wrong name, and where something is in the way; nothing is written then
 */
export async function writePlugin({ name, title, dir }: Wanted, cwd: string): Promise<Written> {
  const names = namesOf(name, title);
  const around = checkoutOf(cwd);
  const folder = resolve(cwd, dir ?? (around === undefined ? name : join(around, "plugins", name)));
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new UserError(
      `${folder} is there already, and is not empty; choose another name, or another folder by --dir`,
    );
  }
  const checkout = checkoutOf(dirname(folder));
  const list = checkout === undefined ? undefined : join(checkout, "plugins.json");
  const listed = list === undefined ? undefined : await readList(list);
  const files = checkout === undefined ? asPackage(names) : own(names);
  for (const [file, text] of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), text, { flag: "wx" });
  }
  if (list !== undefined && listed !== undefined) {
    const entry = `./${relative(dirname(list), join(folder, "index.ts")).replaceAll("\\", "/")}`;
    await writeFile(list, `${JSON.stringify(withEntry(listed, entry), null, 2)}\n`);
  }
  return { name, title: names.title, folder, files: [...files.keys()], listed_in: list ?? null };
}

function own(names: Names): ReadonlyMap<string, string> {
  const files = readdirSync(template, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => relative(template, join(entry.parentPath, entry.name))).toSorted();
  return new Map(paths.map((path) => [path, rename(readFileSync(join(template, path), "utf8"), names)]));
}

function asPackage(names: Names): ReadonlyMap<string, string> {
  const files = new Map([...own(names), ...packageFiles(names)]);
  return files.set("README.md", `${files.get("README.md") ?? ""}${installation(names)}`);
}

/** In its place where the list is in order, else at the end. */
function withEntry(list: readonly string[], entry: string): readonly string[] {
  const sorted = list.toSorted();
  const isSorted = list.every((each, index) => each === sorted[index]);
  return isSorted ? [...list, entry].toSorted() : [...list, entry];
}
