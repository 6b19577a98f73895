import { type LogLine, levels } from "../telemetry/log-filter.ts";
import type { Output } from "./output.ts";
import { type Format, printable } from "./text.ts";

/** Shown by themselves, at the beginning of a line. */
const shownFirst = new Set(["time", "level", "topic", "msg", "err"]);

const levelFormat: Readonly<Record<string, Format>> = {
  trace: "dim",
  debug: "dim",
  info: "green",
  warn: "yellow",
  error: "red",
  fatal: ["bold", "red"],
};

/** A line of the log for people: time, level, topic, message, fields, and below them the stack of an error. */
export function shownLine(line: LogLine, { paint }: Pick<Output, "paint">): string {
  const level = Object.entries(levels).find(([, number]) => number === line.level)?.[0] ?? text(line.level);
  const fields = Object.entries(line)
    // A delivery's id is its request's.
    .filter(([name]) => !shownFirst.has(name) && !(name === "request_id" && line.request_id === line.delivery_id))
    .map(([name, value]) => `${paint("dim", `${printable(name)}=`)}${quoted(text(value))}`);
  const time = typeof line.time === "string" ? line.time.slice(0, 23).replace("T", " ") : "";
  const head = [
    paint("dim", printable(time)),
    paint(levelFormat[level] ?? "dim", level.toUpperCase().padEnd(5)),
    text(line.topic).padEnd(7),
    text(line.msg),
    ...fields,
  ];
  return [head.join(" "), ...errorLines(line.err)].join("\n");
}

/** Where it would not be seen otherwise where a value ends. */
function quoted(value: string): string {
  return value === "" || /[\s"=]/.test(value) ? JSON.stringify(value) : value;
}

function text(value: unknown): string {
  if (value === undefined) return "";
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value.map(text).join(",");
  return printable(typeof value === "string" ? value : JSON.stringify(value));
}

function errorLines(error: unknown): readonly string[] {
  if (typeof error !== "object" || error === null) return [];
  const { stack, message } = error as { readonly stack?: unknown; readonly message?: unknown };
  const shown = [stack, message].find((each) => typeof each === "string") ?? "";
  return printable(shown, { lines: true })
    .split("\n")
    .map((line) => `    ${line}`);
}
