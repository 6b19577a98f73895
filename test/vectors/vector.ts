import type { SignatureScheme } from "@thruway/sdk";
import type { Parts } from "../unit/sdk/a-delivery.ts";

/** A request that a scheme must let in, and what must be refused of it. */
export interface Vector {
  readonly title: string;
  /** The page that prints it, or what computed it: never the code under test. */
  readonly source: string;
  /** Whether the vendor, or a standard, prints it. */
  readonly published?: true;
  readonly scheme: SignatureScheme;
  readonly secrets: readonly string[];
  readonly delivery: Parts;
  /** The time that the sender says, ISO 8601. */
  readonly sentAt?: string;
  /** The headers without which it is refused, and with one of which twice. */
  readonly needs: readonly string[];
  /** A secret of the right form that is not the one; none where the scheme takes none. */
  readonly wrongSecret?: string;
  /** Bytes of the body whose change is noticed; the first, one in the middle and the last if left out. */
  readonly flips?: readonly number[];
  /** What lies at the addresses that the scheme fetches. */
  readonly fetched?: Readonly<Record<string, string>>;
  /** What else is refused, by what is changed of the delivery. */
  readonly refused?: Readonly<Record<string, Parts>>;
}

/** The clock at the receipt of the computed ones: 1705320000. */
export const noon = new Date("2024-01-15T12:00:00.000Z");
export const body = '{"alert":"ünïcode"}';
export const computed = "test/vectors/compute.py (Python's hmac and cryptography)";
