import type { Modules } from "./modules.ts";

/** The ways that lead from a module back to itself: `a.ts -> b.ts -> a.ts`. One for each import that closes a circle. */
export function cycles(modules: Modules): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const way: string[] = [];

  function visit(module: string): void {
    const start = way.indexOf(module);
    if (start >= 0) found.push([...way.slice(start), module].join(" -> "));
    if (start >= 0 || done.has(module)) return;
    way.push(module);
    for (const imported of modules.get(module) ?? []) visit(imported);
    way.pop();
    done.add(module);
  }

  for (const module of modules.keys()) visit(module);
  return found;
}

/** The folders of `parent`, and the modules beside them, as if each folder were one module. */
export function foldersOf(modules: Modules, parent: string): Modules {
  const folderOf = (path: string): string => path.split("/").slice(0, 2).join("/");
  const folders = new Map<string, string[]>();
  for (const [module, imports] of modules) {
    if (!module.startsWith(`${parent}/`)) continue;
    const folder = folderOf(module);
    const others = imports.filter((imported) => imported.startsWith(`${parent}/`) && folderOf(imported) !== folder);
    folders.set(folder, [...(folders.get(folder) ?? []), ...others.map(folderOf)]);
  }
  return folders;
}
