import type { Command } from "commander";
import type { Approval } from "../../runs/approval.ts";
import { type Cli, jsonFlag } from "../cli.ts";
import { connect } from "../client.ts";
import type { List } from "../list.ts";
import type { Column } from "../output.ts";
import { printable } from "../text.ts";
import { collectValues } from "../values.ts";
import { timeOrDash } from "../why.ts";

const columns: readonly Column<Approval>[] = [
  { head: "APPROVAL", value: ({ id }) => printable(id), format: () => "bold" },
  { head: "INCIDENT", value: ({ incident_number: number }) => number },
  { head: "STATE", value: ({ state }) => state },
  { head: "PLAYBOOK", value: ({ playbook }) => playbook, optional: true },
  { head: "QUESTION", value: ({ question }) => printable(question), flexible: true },
  { head: "WOULD DO", value: ({ details }) => printable(wouldDo(details)), optional: true },
  { head: "EXPIRES (UTC)", value: ({ expires_at }) => timeOrDash(expires_at), optional: true },
];

/** What an `http_action` asks for; the question is the playbook's words, and may quote a sender's. */
function wouldDo({ service, method, path }: Approval["details"]): string {
  return typeof service === "string" ? `${service}: ${String(method)} ${String(path)}` : "";
}

interface Said {
  readonly state?: readonly string[];
  readonly json?: boolean;
}

export function approvalList(approval: Command, cli: Cli): void {
  approval
    .command("list")
    .description("list what playbooks wait for")
    .option("--state <state>", "pending, granted, denied or expired; may be repeated (default: pending)", collectValues)
    .option(...jsonFlag)
    .action(async ({ state = ["pending"], json }: Said) => {
      const list = await connect(cli.env).get<List<Approval>>("/api/approvals", { state });
      if (json === true) return cli.out.json(list);
      if (list.data.length === 0) return cli.out.line("No approval.");
      await cli.out.table(columns, list.data);
    });
}
