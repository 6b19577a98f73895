import { sdkVersion } from "@thruway/sdk";
import manifest from "../../../../package.json" with { type: "json" };
import type { Names } from "./names.ts";

/** What makes a package of a plugin: its files, by path. Outside a checkout nothing else does. */
export function packageFiles({ name, title }: Names): ReadonlyMap<string, string> {
  const { engines, devDependencies } = manifest;
  return new Map([
    [
      "package.json",
      json({
        name: packageName(name),
        version: "0.1.0",
        description: `A plugin for Thruway: takes alerts of ${title}.`,
        type: "module",
        exports: "./dist/index.js",
        files: ["dist", "samples"],
        engines,
        scripts: { build: "tsc", test: "node --test", prepack: "npm run build" },
        dependencies: { "@thruway/sdk": `^${sdkVersion}` },
        devDependencies: {
          "@types/node": devDependencies["@types/node"],
          typescript: devDependencies.typescript,
        },
      }),
    ],
    [
      "tsconfig.json",
      json({
        compilerOptions: {
          target: "ES2024",
          module: "nodenext",
          types: ["node"],
          outDir: "dist",
          rootDir: ".",
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          erasableSyntaxOnly: true,
          rewriteRelativeImportExtensions: true,
          verbatimModuleSyntax: true,
          skipLibCheck: true,
        },
        include: ["*.ts"],
        exclude: ["*.test.ts"],
      }),
    ],
    ["index.test.ts", tests],
    [".gitignore", "node_modules/\ndist/\n"],
  ]);
}

/** What a package's README says besides. */
export function installation({ name }: Names): string {
  return `
## Install

\`\`\`sh
npm install ${packageName(name)}
\`\`\`

in the folder of the gateway's \`plugins.json\`, and name it there:

\`\`\`json
["${packageName(name)}"]
\`\`\`
`;
}

export function packageName(name: string): string {
  return `thruway-plugin-${name}`;
}

const tests = `import { join } from "node:path";
import { test } from "node:test";
import { checks, readSamples } from "@thruway/sdk/testing";
import plugin from "./index.ts";

const samples = readSamples(join(import.meta.dirname, "samples"));

for (const { name, run } of checks(plugin, samples)) test(name, run);
`;

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
