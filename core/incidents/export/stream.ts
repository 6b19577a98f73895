import { setImmediate as others } from "node:timers/promises";
import type { Incident } from "../incident.ts";
import type { Writer } from "./formats.ts";

/** As a store gives one. */
interface Page {
  readonly data: readonly Incident[];
  readonly next: string | undefined;
}

/** Characters: enough for a packet or a few, little enough that many exports fit into memory. */
const pieceSize = 65_536;

/**
 * Writes all incidents of a list in pieces, each when it is asked for: no more than one page is held, and whoever stops asking
 * ends it.
 *
 * @param list gives the page after the one that ended with `after`, or the first
 * @throws whatever `list` throws; what was given before stands
 */
export async function* exported(
  list: (after: string | undefined) => Promise<Page>,
  writer: Writer,
): AsyncGenerator<string, void, undefined> {
  let piece = writer.head;
  let after: string | undefined;
  do {
    const page = await list(after);
    for (const incident of page.data) {
      piece += writer.write(incident);
      if (piece.length < pieceSize) continue;
      yield piece;
      piece = "";
      // Deliveries come first: between two pieces everybody else has a turn.
      await others();
    }
    after = page.next;
  } while (after !== undefined);
  if (piece !== "") yield piece;
}
