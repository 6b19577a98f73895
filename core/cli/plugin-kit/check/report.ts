import type { Cli } from "../../cli.ts";
import { type Format, printable } from "../../text.ts";
import type { Listener } from "./check-plugin.ts";

/** Prints a line for each check as it ends, and below a red one what is wrong and what to do. */
export function reportTo({ out }: Cli): Listener {
  const indented = (text: string, format?: Format): void => {
    for (const line of printable(text, { lines: true }).split("\n")) {
      out.line(`    ${format === undefined ? line : out.paint(format, line)}`);
    }
  };
  return {
    began: (path, { title }) => out.line(out.paint("bold", `${title}, ${path}`)),
    updated: (file) => out.line(`${out.paint("yellow", "✎")} ${file} is written; read it before you believe it`),
    checked({ name, ok, wrong, place, details = [], mend }) {
      out.line(`${ok ? out.paint("green", "✔") : out.paint("red", "✘")} ${printable(name)}`);
      if (ok) return;
      indented(`${wrong ?? ""}${place === undefined ? "" : ` (${place})`}`);
      for (const line of details) indented(`  ${line}`, formatOf(line));
      if (mend !== undefined) indented(`To mend it: ${mend}`, "bold");
    },
  };
}

/** Of a line of a difference. */
function formatOf(line: string): Format | undefined {
  if (line.startsWith("- ")) return "red";
  return line.startsWith("+ ") ? "green" : undefined;
}

/** For programs, which get everything at the end. */
export const silent: Listener = { began: () => {}, updated: () => {}, checked: () => {} };
