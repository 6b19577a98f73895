/** What the project's modules import, read from their source. */
import { readdirSync, readFileSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";

/** By path from the root of the project (`core/main.ts`): what the module imports. */
export type Modules = ReadonlyMap<string, readonly string[]>;

export const root = join(import.meta.dirname, "../..");

/** Every TypeScript module in the folders. */
export function readModules(...folders: readonly string[]): Modules {
  const modules = new Map<string, readonly string[]>();
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
      const file = join(entry.parentPath, entry.name);
      const path = relative(root, file).replaceAll(sep, "/");
      modules.set(path, importsOf(path, readFileSync(file, "utf8")));
    }
  }
  return modules;
}

/** What stands in the place of a specifier that is only known when it runs. */
export const computed = "a computed name";

const statement = /^(?:import|export)\s+(?:[\w$*{},\s]*?\sfrom\s+)?["']([^"']+)["']/gm;
const call = /\b(?:import|require)\(\s*(?:["'`]([^"'`$]+)["'`]|[^)])/g;
const comment = /^\s*(?:\/\/|\/?\*).*$/gm;

/**
 * The imports of a module at `path`, those of types too: statements, re-exports, `import("…")` and `require("…")`. A package
 * stands as it is written, a relative import as the path that it leads to from the root of the project.
 */
export function importsOf(path: string, source: string): readonly string[] {
  const code = source.replaceAll(comment, "");
  return [...code.matchAll(statement), ...code.matchAll(call)].map(([, specifier = computed]) =>
    specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier,
  );
}
