import type { Command } from "commander";
import type { Approval } from "../runs/approval.ts";
import { type Cli, jsonFlag } from "./cli.ts";
import { connect } from "./client.ts";
import { printable } from "./text.ts";

interface Said {
  readonly comment?: string;
  readonly json?: boolean;
}

/** A command that decides an approval, one way or the other. */
export function addDecision(approval: Command, word: "grant" | "deny", description: string, cli: Cli): void {
  approval
    .command(word)
    .description(description)
    .argument("<id>", "of the approval")
    .option("--comment <text>", "why; it is kept with the decision")
    .option(...jsonFlag)
    .action(async (id: string, { comment, json }: Said) => {
      const path = `/api/approvals/${encodeURIComponent(id)}/${word}`;
      const decided = await connect(cli.env).post<Approval>(path, comment === undefined ? {} : { comment });
      if (json === true) return cli.out.json(decided);
      const { incident_number: number, state, question } = decided;
      cli.out.line(`${cli.out.paint("green", "✔")} ${number}: ${state}: ${printable(question)}`);
    });
}
