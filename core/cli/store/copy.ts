import { messageOf, StoreError, UserError } from "../../errors.ts";
import { openTransfer, withoutPassword } from "../../store/open.ts";
import { type ComparedTable, type TransferPhase, type Transferred, transfer } from "../../store/transfer.ts";
import type { Cli } from "../cli.ts";
import type { Column } from "../output.ts";
import { inFigures, type Progress } from "../progress.ts";
import { Interrupted, type StopSignal, stopSignal } from "../stop-signal.ts";
import { count, timeUtc } from "../text.ts";

/** What is copied where. */
export interface Copy {
  readonly from: string;
  readonly to: string;
  readonly json: boolean;
}

const labels = {
  reading: "Reading the source",
  copying: "Copying",
  comparing: "Comparing both",
} as const satisfies Record<TransferPhase, string>;

/**
 * Copies a store into another, with a bar for each step, and shows the comparison.
 *
 * @throws {UserError} where they are not the same at the end, or something is in the way
 * @throws {Interrupted} after Ctrl-C
 */
export async function runCopy(copy: Copy, cli: Cli): Promise<void> {
  const stop = stopSignal();
  try {
    await show(await run(copy, cli, stop), copy, cli);
  } finally {
    stop.forget();
  }
}

async function run({ from, to }: Copy, { out, now }: Cli, stop: StopSignal): Promise<Transferred> {
  const stores = await openTransfer(from, to);
  let bar: { readonly phase: TransferPhase; readonly progress: Progress } | undefined;
  function onProgress(phase: TransferPhase, done: number, total: number): void {
    if (bar?.phase !== phase) {
      bar?.progress.end();
      bar = { phase, progress: out.progress(labels[phase]) };
    }
    bar.progress.update(done, total);
  }
  try {
    return await transfer(stores.source, stores.target, { onProgress, isStopped: stop.isReceived, now });
  } catch (cause) {
    bar?.progress.end();
    bar = undefined;
    if (!(cause instanceof StoreError)) throw cause;
    const what = `${withoutPassword(to)} does not take it: ${messageOf(cause)}`;
    throw new UserError(`${what}; the same command goes on where it stopped`, { cause });
  } finally {
    bar?.progress.end();
    await stores.close();
  }
}

const columns: readonly Column<ComparedTable>[] = [
  { head: "TABLE", value: ({ table }) => table },
  { head: "ROWS", value: ({ from }) => inFigures(from.rows) },
  { head: "COPIED", value: ({ to }) => inFigures(to.rows) },
  { head: "SHA-256", value: ({ from }) => from.sha256.slice(0, 16) },
  { head: "OF THE COPY", value: ({ to }) => to.sha256.slice(0, 16) },
  {
    head: "",
    value: ({ same }) => (same ? "the same" : "DIFFERENT"),
    format: ({ same }) => (same ? "green" : "red"),
  },
];

async function show(result: Transferred, { from, to, json }: Copy, { out }: Cli): Promise<void> {
  const names = { from, to: withoutPassword(to) };
  if (json) out.json({ ...names, ...result });
  if (result.kind === "stopped") {
    out.note(
      `Stopped after ${inFigures(result.rows)} of ${count(result.total, "row")}; the same command goes on there.`,
    );
    throw new Interrupted("The copy was stopped");
  }
  if (result.kind === "done already") {
    if (!json) out.line(`It was copied and compared already, at ${timeUtc(result.finishedAt)}. Nothing is to be done.`);
    return;
  }
  if (!json) await out.table(columns, result.tables);
  const different = result.tables.filter(({ same }) => !same).map(({ table }) => table);
  if (different.length > 0) {
    throw new UserError(
      `The copy is not what the source is: ${different.join(", ")}; something else has written there. Empty the target, and copy anew`,
    );
  }
  if (!json) {
    out.line(
      `${out.paint("green", "✔")} ${names.to} holds everything. Start the gateway with it as TW_STORE_URL, and the same master key.`,
    );
  }
}
