import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The checkout of Thruway that a path is in; `undefined` where it is in none. */
export function checkoutOf(path: string): string | undefined {
  for (let folder = path; ; folder = dirname(folder)) {
    if (isCheckout(folder)) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

function isCheckout(folder: string): boolean {
  const manifest = join(folder, "package.json");
  if (!existsSync(manifest) || !existsSync(join(folder, "plugins.json"))) return false;
  return /"name"\s*:\s*"thruway"/.test(readFileSync(manifest, "utf8"));
}
