import assert from "node:assert/strict";
import { test } from "node:test";
import type { Command } from "commander";
import { createProgram } from "../../core/cli/main.ts";
import { createOutput } from "../../core/cli/output.ts";
import { aGateway } from "../support/gateway.ts";
import { codeOf, linksOf, readPage, rowsOf, type Section, sectionsOf } from "../support/markdown.ts";
import { anEmptyFolder, walkThrough } from "../support/page.ts";

const { env, stdin, stdout, stderr } = process;
const program = createProgram({ env, stdin, out: createOutput(stdout, stderr), now: () => new Date() });

const sections = sectionsOf(await readPage("docs/cli.md"));
/** A command's section has the command, as it is typed, for its title. */
const documented = new Map(sections.map((section) => [codeOf(section.title)[0] ?? "", section]));
documented.delete("");

/** What can be typed: `tw-cli webhook add <source>`. A command that only groups others is no command. */
function usages(command: Command, before = ""): readonly (readonly [usage: string, command: Command])[] {
  const path = `${before}${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((inner) => usages(inner, `${path} `));
  const words = command.registeredArguments.map((argument) =>
    argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
  );
  return [[[path, ...words].join(" "), command]];
}

const commands = new Map([["tw-cli", program] as const, ...usages(program)]);

function optionsIn({ text }: Section): readonly string[] {
  return rowsOf(text).flatMap(([first = ""]) => codeOf(first));
}

/** A command's options stand in its section, and in the sections that it links to. */
function documentedOptions(section: Section): readonly string[] {
  const shared = linksOf(section.text).filter((link) => link.startsWith("#"));
  const linked = sections.filter(({ anchor }) => shared.includes(`#${anchor}`));
  return [section, ...linked].flatMap(optionsIn).toSorted();
}

test("docs/cli.md has a section for each command, and for nothing else", () => {
  assert.deepEqual([...documented.keys()].toSorted(), [...commands.keys()].toSorted());
});

for (const [usage, command] of commands) {
  test(`docs/cli.md lists the options of ${usage}, and nothing else`, () => {
    const section = documented.get(usage);
    assert.ok(section, "it has no section");
    const real = command.options.filter(({ hidden }) => !hidden).map(({ flags }) => flags);
    assert.deepEqual(documentedOptions(section), real.toSorted());
  });
}

test("docs/cli.md: its commands do what it says", async () => {
  await using gateway = await aGateway({ TW_LOG_FILES: "4" });
  await using place = await anEmptyFolder({
    TW_API_URL: gateway.url,
    TW_API_KEY: gateway.token,
    TW_DATA_DIR: gateway.dataDir,
  });
  await walkThrough("docs/cli.md", place, { url: gateway.url });
});
