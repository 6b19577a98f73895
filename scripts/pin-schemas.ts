/**
 * Writes the JSON Schemas that exports are checked against, from what OCSF and Elastic publish:
 *
 *     node scripts/pin-schemas.ts <ocsf.json> <ecs_flat.js>
 *
 * Where to get the two stands in core/incidents/export/schemas/README.md. Only what we write is pinned; everything else is an
 * unknown field, so that a slip of ours shows.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { ecsSchema } from "./pin-ecs.ts";
import { ocsfSchema } from "./pin-ocsf.ts";

const [ocsf, ecs] = process.argv.slice(2);
if (ocsf === undefined || ecs === undefined) {
  process.stderr.write("usage: node scripts/pin-schemas.ts <ocsf.json> <ecs_flat.js>\n");
  process.exit(2);
}
const folder = join(import.meta.dirname, "../core/incidents/export/schemas");

async function write(name: string, schema: object): Promise<void> {
  await writeFile(join(folder, name), `${JSON.stringify(schema, null, 2)}\n`);
}

await write("ocsf-1.8.0.schema.json", ocsfSchema(JSON.parse(await readFile(ocsf, "utf8"))));
const { EcsFlat } = await import(pathToFileURL(resolve(ecs)).href);
await write("ecs-9.4.0.schema.json", ecsSchema(EcsFlat));
