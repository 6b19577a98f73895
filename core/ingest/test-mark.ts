import { createHmac, timingSafeEqual } from "node:crypto";

/** What a test of a source says of itself. */
export interface TestMark {
  /** Whether the gateway stands in for a sender that alone can prove itself. */
  readonly vouched: boolean;
}

/** Marks requests as tests of a source, in a header. */
export interface TestMarks {
  make(source: string, mark: TestMark): string;
  /** `undefined` for what is no mark, of another source, or of more than a moment ago. */
  read(source: string, value: string): TestMark | undefined;
}

export const testMarkHeader = "x-thruway-test";

const goodForMs = 10_000;

/**
 * Marks under a key that is derived from the master key: all processes of a data folder have it, whichever of them takes the
 * request, and nobody else.
 */
export function testMarks(masterKey: Buffer, now: () => Date): TestMarks {
  const key = createHmac("sha256", masterKey).update("the mark of a test").digest();
  const proof = (source: string, until: string, vouched: string): Buffer =>
    createHmac("sha256", key).update(`${source}\0${until}\0${vouched}`).digest();

  return {
    make(source, { vouched }) {
      const [until, said] = [String(now().getTime() + goodForMs), vouched ? "vouched" : "signed"];
      return `${until}.${said}.${proof(source, until, said).toString("hex")}`;
    },
    read(source, value) {
      const [, until, said, hex] = /^(\d{1,15})\.(vouched|signed)\.([0-9a-f]{64})$/.exec(value) ?? [];
      if (until === undefined || said === undefined || hex === undefined) return undefined;
      if (!timingSafeEqual(Buffer.from(hex, "hex"), proof(source, until, said))) return undefined;
      const left = Number(until) - now().getTime();
      return left >= 0 && left <= goodForMs ? { vouched: said === "vouched" } : undefined;
    },
  };
}
