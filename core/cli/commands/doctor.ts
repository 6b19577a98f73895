import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import { type Cli, type JsonOption, jsonFlag } from "../cli.ts";
import type { Verdict } from "../doctor/check.ts";
import { count, printable } from "../text.ts";

const marks = {
  ok: ["green", "✔"],
  warning: ["yellow", "!"],
  failure: ["red", "✘"],
} as const satisfies Record<Verdict["status"], unknown>;

export function doctor(program: Command, cli: Cli): void {
  program
    .command("doctor")
    .description("check settings, store, clock, disk and what else a gateway here needs; it need not run")
    .option(...jsonFlag)
    .action(async ({ json }: JsonOption) => {
      const { examine } = await import("../doctor/examine.ts");
      const found = await examine(cli.env, cli.now);
      if (json === true) cli.out.json({ checks: found });
      else {
        const widest = Math.max(...found.map(({ check }) => check.length));
        for (const { check, status, message } of found) {
          const [format, mark] = marks[status];
          cli.out.line(`${cli.out.paint(format, mark)} ${check.padEnd(widest)}  ${printable(message)}`);
        }
      }
      const failed = found.filter(({ status }) => status === "failure").length;
      if (failed > 0) throw new UserError(`${count(failed, "check")} failed`);
    });
}
