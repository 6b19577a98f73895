/**
 * `npm pack` ships JavaScript, since Node strips no types below node_modules; a checkout runs from the source, with no build. One
 * manifest serves both: before packing, the modules are built into dist/ and `exports` leads there; afterwards it leads back.
 */
import { execFileSync } from "node:child_process";
import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Doors {
  readonly types: string;
  readonly default: string;
}

const manifestFile = join(import.meta.dirname, "package.json");
const dist = join(import.meta.dirname, "dist");

const [, , wanted] = process.argv;
if (wanted === "built") {
  build();
  lead(builtDoor);
} else if (wanted === "source") {
  lead(sourceDoor);
  rmSync(dist, { recursive: true, force: true });
} else {
  throw new Error(`pack.ts takes "built" or "source", not ${wanted}`);
}

function build(): void {
  rmSync(dist, { recursive: true, force: true });
  execFileSync("tsc", ["-p", "tsconfig.build.json"], { cwd: import.meta.dirname, stdio: "inherit" });
  const javascript = globSync("**/*.js", { cwd: import.meta.dirname, exclude: ["dist", "node_modules"] });
  for (const file of javascript) cpSync(join(import.meta.dirname, file), join(dist, file));
}

function lead(to: (door: string | Doors) => string | Doors): void {
  const manifest = JSON.parse(readFileSync(manifestFile, "utf8")) as { exports: Record<string, string | Doors> };
  manifest.exports = Object.fromEntries(Object.entries(manifest.exports).map(([name, door]) => [name, to(door)]));
  writeFileSync(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`);
}

function builtDoor(door: string | Doors): Doors {
  const module = sourceDoor(door).replace(/^\.\//, "./dist/");
  return { types: module.replace(/\.ts$/, ".d.ts"), default: module.replace(/\.ts$/, ".js") };
}

function sourceDoor(door: string | Doors): string {
  return typeof door === "string" ? door : door.default.replace("./dist/", "./").replace(/\.js$/, ".ts");
}
