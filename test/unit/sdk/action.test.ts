import assert from "node:assert/strict";
import { test } from "node:test";
import { defineAction, isAction, joi } from "@thruway/sdk";
import { actionsOf } from "../../../core/triage/actions/index.ts";
import { aPlugin } from "../core/builders.ts";

const ticket = defineAction({
  name: "acme_ticket",
  about: "Reads the ticket of an alert",
  parameters: joi.object({ field: joi.string() }),
  output: { number: "string", deep: { open: "bool" } },
  run: () => ({ number: "T-1" }),
});

test("an action is a frozen value that playbooks find by its name", () => {
  assert.ok(isAction(ticket) && Object.isFrozen(ticket));
  const actions = actionsOf([aPlugin({ actions: [ticket] })]);
  assert.equal(actions.get("acme_ticket"), ticket);
  assert.ok(actions.has("lookup_list"));
});

test("every member that is missing or wrong is named", () => {
  const wrong = { name: "Bad Name", parameters: {}, output: { x: "text" }, run: "no" };
  assert.throws(() => defineAction(wrong as never), /"name".*"about" is required.*"parameters".*"output\.x".*"run"/);
});

test("two actions of one name are refused, and so is what is no action", () => {
  const again = defineAction({ ...ticket, name: "add_tag" });
  assert.throws(() => actionsOf([aPlugin({ actions: [again] })]), /there is an action "add_tag" already/);
  assert.throws(() => aPlugin({ actions: [{ name: "x" }] as never }), /made by defineAction/);
});
