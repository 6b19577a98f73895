// Node 24.18 has it, @types/node 24.19 does not yet.
import "node:crypto";

declare module "node:crypto" {
  /** A UUID of version 7 (RFC 9562): ordered by time to the millisecond, random within it. */
  export function randomUUIDv7(): string;
}
