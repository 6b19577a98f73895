import { randomBytes } from "node:crypto";
import { webhookSignature } from "@thruway/sdk";
import type { Source } from "../sources/sources.ts";

/** A registered source, or a decoy to check the signature against: refusing an unknown name costs the work of refusing a known one. */
export type Identified =
  | { readonly known: true; readonly source: Source }
  | { readonly known: false; readonly source: Decoy };
type Decoy = Pick<Source, "scheme" | "credentials">;

const decoy: Decoy = {
  scheme: webhookSignature(),
  credentials: { secrets: [randomBytes(32).toString("hex")], allowUnsigned: false },
};

export function identify(name: string, find: (name: string) => Source | undefined): Identified {
  const source = find(name);
  return source === undefined ? { known: false, source: decoy } : { known: true, source };
}
