import type { Cli } from "../../cli.ts";
import type { Output } from "../../output.ts";
import { count, type Format, outcomeFormat, printable, time } from "../../text.ts";
import { longestName, stageLine } from "../../waterfall.ts";
import type { DevEvent, Journey, Tell } from "./events.ts";

/** One event a line, for programs. */
export function tellJson({ out }: Cli): Tell {
  return (event) => out.line(JSON.stringify(event));
}

/** For people. */
export function tellText({ out, now }: Cli): Tell {
  const good = out.paint("green", "✔");
  const bad = out.paint("red", "✘");
  const at = (): string => out.paint("dim", time(now().toISOString()).slice(11));
  return (event) => {
    switch (event.event) {
      case "listening":
        return listening(event, out);
      case "delivery":
        return journey(event.delivery, out);
      case "sent":
        return out.line(`${at()} ${count(event.samples, "sample")} sent`);
      case "not_sent":
        return out.line(`${at()} ${bad} the samples could not be sent: ${printable(event.message)}`);
      case "reloaded":
        out.line(`\n${at()} ${good} ${event.plugin} is reloaded`);
        return event.problem === undefined
          ? undefined
          : out.line(`  ${bad} its source takes nothing: ${event.problem}`);
      case "not_reloaded":
        return out.line(`\n${at()} ${bad} ${printable(event.message)}; it goes on as it was`);
    }
  };
}

function listening({ url, plugin, source, script }: DevEvent & { event: "listening" }, out: Output): void {
  out.line(
    `A throw-away gateway with ${plugin} listens at ${url}; the source is ${out.paint("bold", source)}. Send it a sample:\n`,
  );
  for (const line of script.split("\n")) out.line(`  ${line}`);
  out.line("\nEnter or r sends every sample, signed. A change of the plugin is loaded at once. Ctrl-C or q ends it.");
}

function journey(delivery: Journey, out: Output): void {
  const { outcome, code, reason, details, stages, incidents, told } = delivery;
  out.line(
    `\n${out.paint("dim", time(delivery.received_at).slice(11))} ${out.paint("bold", "delivery")} ${delivery.id}`,
  );
  const widest = longestName(stages);
  for (const stage of stages) out.line(`  ${stageLine(stage, widest, out)}`);
  const format: Format = outcomeFormat[outcome as keyof typeof outcomeFormat] ?? "bold";
  const became = code === null ? outcome : `${outcome} (${code})`;
  out.line(`  ${out.paint(format, became)}${after([incidents.join(", "), reason, again(outcome)])}`);
  for (const { path, message } of details) out.line(`    ${printable(path === "" ? message : `${path}: ${message}`)}`);
  if (told === undefined) return;
  if ("thrown" in told) {
    if (told.place !== undefined) out.line(`    at ${told.place}: ${printable(told.thrown)}`);
  } else if (Array.isArray(told.made)) {
    for (const line of JSON.stringify(told.made, null, 2).split("\n")) out.line(`  ${printable(line)}`);
  }
}

function after(parts: readonly (string | null)[]): string {
  const said = parts.filter((part) => part !== null && part !== "");
  return said.length === 0 ? "" : `: ${printable(said.join("; "))}`;
}

function again(outcome: string): string | null {
  return outcome === "duplicate" ? "nothing new is stored, and this is what the plugin makes of it now" : null;
}
