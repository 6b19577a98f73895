/** For node:test's `--test-global-setup`: one MongoDB server for all test files of a run. */
import type { Found } from "./found.ts";
import { provideMongo } from "./server.ts";

let found: Found | undefined;

export async function globalSetup(): Promise<void> {
  found = await provideMongo(process.env);
}

export async function globalTeardown(): Promise<void> {
  if (found !== undefined && "uri" in found) await found[Symbol.asyncDispose]();
}
