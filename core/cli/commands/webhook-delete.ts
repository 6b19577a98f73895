import { createInterface } from "node:readline/promises";
import type { Command } from "commander";
import { UserError } from "../../errors.ts";
import type { SourceView } from "../../sources/sources.ts";
import { type Cli, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";

interface DeleteOptions {
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function webhookDelete(webhook: Command, cli: Cli): void {
  const command = webhook
    .command("delete")
    .description("forget a source and its secrets; what it sent stays")
    .argument("<source>")
    .option("-y, --yes", "do not ask")
    .option(...jsonFlag)
    .action(async (name: string, { yes, json }: DeleteOptions) => {
      if (yes !== true && !cli.stdin.isTTY) command.error("error: add --yes: there is no terminal to ask at");
      const api = connect(cli.env);
      const path = `/api/webhooks/${encodeURIComponent(name)}`;
      const { source } = await api.get<SourceView>(path);
      if (yes !== true && !(await confirmed(`Delete source ${source}? What it sent stays. [y/N] `, cli))) {
        throw new UserError("Nothing was deleted");
      }
      await api.remove(path);
      if (json === true) return cli.out.json({ source, deleted: true });
      cli.out.line(`${cli.out.paint("green", "✔")} Source ${source} is deleted`);
    });
}

/** Asks on standard error, so that standard output stays what was asked for. */
async function confirmed(question: string, { stdin, out }: Cli): Promise<boolean> {
  const terminal = createInterface({ input: stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(question)).trim());
  } catch {
    out.note(""); // Ctrl-C and Ctrl-D are a no, on the line of the question
    return false;
  } finally {
    terminal.close();
  }
}
