import { styleText } from "node:util";
import { createProgress, type Progress } from "./progress.ts";
import { type RedrawnLine, redrawnLine, type Stream } from "./redrawn-line.ts";
import { type Format, printable } from "./text.ts";

/** A column of a table, read from each row. */
export interface Column<T> {
  readonly head: string;
  readonly value: (row: T) => string;
  readonly format?: (row: T) => Format | undefined;
  /** Gives way, by truncation, where the terminal is too narrow; at most one column does. */
  readonly flexible?: true;
  /** Left out where the flexible column would get too narrow. */
  readonly optional?: true;
}

/** What commands print with. Standard output carries what was asked for, standard error everything else. */
export interface Output {
  line(text?: string): void;
  /** Standard output itself, for what is too large to be held. */
  readonly raw: Stream;
  /** Two spaces, as the API gave it. */
  json(value: unknown): void;
  /** Borderless, so that it can be cut by columns; never truncated where it is piped. */
  table<T>(columns: readonly Column<T>[], rows: readonly T[]): Promise<void>;
  /** Names and values, below each other; those without a value are left out. */
  fields(fields: readonly (readonly [name: string, value: string | null | undefined])[]): void;
  /** Coloured where standard output is a terminal that wants colours. */
  paint(format: Format, text: string): string;
  /** Standard output's last line, drawn over itself on a terminal. */
  redrawn(): RedrawnLine;
  /** On standard error; nothing else may be written there until it has ended. */
  progress(label: string): Progress;
  /** One line on standard error. */
  note(text: string): void;
  warn(text: string): void;
  /** What stopped the command; may have several lines. */
  error(text: string): void;
}

const gap = 2;
const narrowest = 12;
const comfortable = 30;

export function createOutput(stdout: Stream, stderr: Stream): Output {
  const paint = (format: Format, text: string): string => styleText(format, text, { stream: stdout });
  const line = (text = ""): void => void stdout.write(`${text}\n`);
  const note = (text: string): void => void stderr.write(`${text}\n`);
  const labelled = (format: Format, label: string, text: string): void =>
    note(`${styleText(format, label, { stream: stderr })} ${printable(text, { lines: true })}`);

  return {
    line,
    raw: stdout,
    json: (value) => line(JSON.stringify(value, null, 2)),
    async table(columns, rows) {
      // A terminal that does not know its width says 0.
      const width = (stdout.isTTY && stdout.columns) || undefined;
      line(await renderTable(columns, rows, { width, paint }));
    },
    fields(fields) {
      const shown = fields.filter(([, value]) => value !== null && value !== undefined && value !== "");
      const widest = Math.max(...shown.map(([name]) => name.length));
      for (const [name, value] of shown) line(`${paint("dim", name.padEnd(widest))}  ${value}`);
    },
    paint,
    redrawn: () => redrawnLine(stdout),
    progress: (label) => createProgress(stderr, label),
    note,
    warn: (text) => labelled("yellow", "warning:", text),
    error: (text) => labelled("red", "error:", text),
  };
}

export interface TableOptions {
  /** Of the terminal; `undefined` where there is none. */
  readonly width: number | undefined;
  readonly paint: (format: Format, text: string) => string;
}

/** The table as text, without a line break at its end. */
export async function renderTable<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  { width = Number.POSITIVE_INFINITY, paint }: TableOptions,
): Promise<string> {
  const { default: Table } = await import("cli-table3");
  const fitted = fit(
    columns.map((column) => ({ ...column, width: widthOf(column, rows) })),
    width,
  );
  const table = new Table({
    head: fitted.map(({ head }) => paint("dim", head)),
    colWidths: fitted.map((column) => column.width),
    chars: borderless,
    style: { head: [], border: [], "padding-left": 0, "padding-right": gap },
  });
  for (const row of rows) {
    table.push(
      fitted.map(({ value, format }) => {
        const wanted = format?.(row);
        const text = printable(value(row));
        return wanted === undefined ? text : paint(wanted, text);
      }),
    );
  }
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

type Fitted<T> = Column<T> & { readonly width: number };

/** Leaves optional columns out, the last first, until the flexible one has room; then that one gives way. */
function fit<T>(columns: readonly Fitted<T>[], width: number): readonly Fitted<T>[] {
  const over = columns.reduce((sum, column) => sum + column.width, 0) - gap - width;
  if (over <= 0) return columns;
  const flexible = columns.find((column) => column.flexible === true);
  const room = (flexible?.width ?? 0) - over;
  const optional = columns.findLast((column) => column.optional === true);
  if (room < comfortable && optional !== undefined) {
    return fit(
      columns.filter((column) => column !== optional),
      width,
    );
  }
  return columns.map((column) => (column === flexible ? { ...column, width: Math.max(room, narrowest) } : column));
}

function widthOf<T>({ head, value }: Column<T>, rows: readonly T[]): number {
  return gap + rows.reduce((widest, row) => Math.max(widest, columnsOf(printable(value(row)))), head.length);
}

const borderless = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ].map((name) => [name, ""]),
);

/** How many columns of a terminal a text takes, at most: from Hangul on, many characters take two. */
function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1;
  return columns;
}
