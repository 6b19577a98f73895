import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { addDecision } from "../decision.ts";

export function approvalDeny(approval: Command, cli: Cli): void {
  addDecision(approval, "deny", "refuse what a playbook asks for; its run goes on without it", cli);
}
