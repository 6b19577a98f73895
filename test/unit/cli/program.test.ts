import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, test } from "node:test";
import { type Command, CommanderError } from "commander";
import type { Cli } from "../../../core/cli/cli.ts";
import { ApiError } from "../../../core/cli/client.ts";
import { explain } from "../../../core/cli/explain.ts";
import { createProgram } from "../../../core/cli/main.ts";
import { createOutput } from "../../../core/cli/output.ts";
import { type SourceOptions, sourceFields } from "../../../core/cli/source-options.ts";
import { UserError } from "../../../core/errors.ts";

const cli: Cli = {
  env: {},
  stdin: process.stdin,
  out: createOutput(process.stdout, new Writable({ write: (_chunk, _encoding, done) => done() })),
  now: () => new Date("2026-01-15T10:00:00.000Z"),
};

/** What `webhook <command>` makes of its arguments, without running it. */
function said(command: "add" | "update", ...argv: readonly string[]): ReturnType<typeof sourceFields> {
  const found = find(find(createProgram(cli), "webhook"), command);
  let options: SourceOptions = {};
  found.action((_source: string, given: SourceOptions) => {
    options = given;
  });
  found.parse(["edr", ...argv], { from: "user" });
  return sourceFields(options);
}

function find(parent: Command, name: string): Command {
  const found = parent.commands.find((each) => each.name() === name);
  assert.ok(found, name);
  return found;
}

describe("the fields of a source", () => {
  test("take --auto-triage bare, with true and with false", () => {
    assert.deepEqual(said("add", "--auto-triage"), { auto_triage: true });
    assert.deepEqual(said("add", "--auto-triage", "true"), { auto_triage: true });
    assert.deepEqual(said("add", "--auto-triage=false"), { auto_triage: false });
    assert.deepEqual(said("add", "--auto-triage", "--playbook", "p"), { auto_triage: true, playbook: "p" });
    assert.throws(() => said("add", "--auto-triage", "maybe"), CommanderError);
  });

  test("hold only what was said", () => {
    assert.deepEqual(said("add"), {});
    assert.deepEqual(said("add", "--disabled", "--rate-limit", "5/10"), {
      rate_limit: { requests: 5, per_seconds: 10 },
      enabled: false,
    });
  });

  test("put --allow-unsigned beside the other options", () => {
    assert.deepEqual(said("add", "--option", "hmac.header=X", "--allow-unsigned"), {
      options: { hmac: { header: "X" }, allow_unsigned: true },
    });
  });

  test("put --preset among the options, whose plugin the gateway knows", () => {
    assert.deepEqual(said("add", "--preset", "wazuh"), { options: { preset: "wazuh" } });
    assert.deepEqual(said("add", "--preset", "wazuh", "--plugin", "generic", "--option", "map.title=a"), {
      plugin: "generic",
      options: { map: { title: "a" }, preset: "wazuh" },
    });
  });

  test("take a setting back in an update", () => {
    assert.deepEqual(said("update", "--no-playbook", "--no-rate-limit", "--no-tolerance-seconds", "--enabled"), {
      playbook: null,
      tolerance_seconds: null,
      rate_limit: null,
      enabled: true,
    });
  });

  test("refuse two secrets, and enabled with disabled", () => {
    assert.throws(() => said("add", "--secret", "a", "--secret-stdin"), CommanderError);
    assert.throws(() => said("add", "--secret-file", "a", "--secret-stdin"), CommanderError);
    assert.throws(() => said("update", "--secret", "a", "--add-secret-file", "b"), CommanderError);
    assert.throws(() => said("update", "--enabled", "--disabled"), CommanderError);
  });
});

test("every command has a description, and takes --json where it prints", () => {
  const leaves = createProgram(cli).commands.flatMap((each) => (each.commands.length === 0 ? [each] : each.commands));
  for (const command of leaves) {
    assert.ok(command.description() !== "", command.name());
    // What is exported has a format of its own.
    if (["serve", "work", "export"].includes(command.name())) continue;
    assert.ok(
      command.options.some(({ long }) => long === "--json"),
      command.name(),
    );
  }
});

test("--version is Thruway's where it stands first, and no option of a command", async () => {
  const program = createProgram(cli);
  program.configureOutput({ writeOut: () => {}, writeErr: () => {} });
  await assert.rejects(program.parseAsync(["--version"], { from: "user" }), { code: "commander.version" });
  const update = ["incident", "update", "INC-2026-0001", "--version", "1"];
  await assert.rejects(program.parseAsync(update, { from: "user" }), { code: "commander.unknownOption" });
});

describe("an explained error", () => {
  test("of a person is its message", () => {
    assert.equal(explain(new UserError("Set TW_PORT")), "Set TW_PORT");
  });

  test("of the API has its code, and a line for each detail that its message repeats", () => {
    const details = [
      { path: "secret", message: "is required" },
      { path: "plugin", message: "is not installed" },
    ];
    const message = "The source is not valid: secret is required; plugin is not installed";
    assert.equal(
      explain(new ApiError(400, { code: "invalid_request", message, details })),
      "The source is not valid (invalid_request)\n  secret: is required\n  plugin: is not installed",
    );
  });

  test("of the gateway's own making has the request's id, under which it is logged", () => {
    const error = new ApiError(500, { code: "internal_error", message: "Something went wrong", request_id: "r-1" });
    assert.equal(explain(error), "Something went wrong (internal_error, request r-1)");
  });

  test("that nobody expected comes with its stack", () => {
    assert.match(explain(new TypeError("x is undefined")), /bug.*TypeError: x is undefined\n {4}at /s);
  });
});
