import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Fetch } from "@thruway/sdk";
import type { Vector } from "./vector.ts";

export interface Suite {
  readonly name: string;
  readonly vectors: readonly Vector[];
}

/** The vectors of every scheme of the SDK; a scheme without a file here fails to load. */
export async function readSuites(): Promise<readonly Suite[]> {
  const schemes = readdirSync(join(import.meta.dirname, "../../sdk/signature"))
    .map((file) => file.replace(/\.ts$/, ""))
    .filter((name) => name !== "scheme");
  return await Promise.all(
    schemes.map(async (name) => ({ name, vectors: (await import(`./${name}.ts`)).default as readonly Vector[] })),
  );
}

/** Finds what the vector has lying at its addresses, and nothing else. */
export function fetchOf({ fetched = {} }: Pick<Vector, "fetched">): Fetch {
  return ({ url }) => {
    const text = fetched[url];
    return Promise.resolve(text === undefined ? { ok: false } : { ok: true, text, at: new Date() });
  };
}
