import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import { addDecision } from "../decision.ts";

export function approvalGrant(approval: Command, cli: Cli): void {
  addDecision(approval, "grant", "allow what a playbook asks for; its run goes on", cli);
}
