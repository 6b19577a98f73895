// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is the syntax
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { checkConfigFile, parseConfig, problemLines, readConfigFile } from "../../../../core/config/config-file.ts";
import { readSettings } from "../../../../core/config/settings.ts";
import { UserError } from "../../../../core/errors.ts";

const documented = `# webhook_config.yaml
sources:
  email-gateway:
    secret: "\${EMAIL_GATEWAY_SECRET}"
    auto_triage: true
    playbook: phishing_triage
    severity_mapping:
      critical: critical
      high: high
      medium: medium
      low: low
  edr:
    secret: "\${EDR_SECRET}"
    auto_triage: true
    playbook: malware_triage
`;
const env = { EMAIL_GATEWAY_SECRET: "test-secret-email", EDR_SECRET: "test-secret-edr" };

/** The lines of a refusal. */
function problemsOf(text: string, given: Readonly<Record<string, string>> = env): readonly string[] {
  let lines: readonly string[] = [];
  assert.throws(
    () => parseConfig(text, "webhook_config.yaml", given),
    (error) => {
      assert.ok(error instanceof UserError);
      lines = error.message.split("\n");
      return true;
    },
  );
  return lines;
}

function only(text: string, given?: Readonly<Record<string, string>>): string {
  const [line, ...others] = problemsOf(text, given);
  assert.deepEqual(others, []);
  return line ?? "";
}

test("the documented file gives its sources, with the variables filled in", () => {
  assert.deepEqual(Object.fromEntries(parseConfig(documented, "webhook_config.yaml", env).sources), {
    "email-gateway": {
      secret: "test-secret-email",
      auto_triage: true,
      playbook: "phishing_triage",
      severity_mapping: { critical: "critical", high: "high", medium: "medium", low: "low" },
    },
    edr: { secret: "test-secret-edr", auto_triage: true, playbook: "malware_triage" },
  });
});

test("an unset variable is named with the file and the line, all of them at once", () => {
  assert.deepEqual(problemsOf(documented, {}), [
    "webhook_config.yaml:4: the variable EMAIL_GATEWAY_SECRET is not set",
    "webhook_config.yaml:13: the variable EDR_SECRET is not set",
  ]);
});

test("variables in comments and keys are let be", () => {
  const text = ["# needs ${UNSET}", "sources:", "  edr:", '    options: {"${UNSET}": 1}'].join("\n");
  assert.deepEqual(parseConfig(text, "file", {}).sources.get("edr"), { options: { "${UNSET}": 1 } });
});

test("no value of a variable changes the shape of the file", () => {
  const value = 'x"\n  evil:\n    secret: &a *a #';
  const { sources } = parseConfig(documented, "file", { ...env, EDR_SECRET: value });
  assert.deepEqual([...sources.keys()], ["email-gateway", "edr"]);
  assert.equal((sources.get("edr") as { readonly secret: string }).secret, value);
});

test("a variable stays text, also where it looks like a number or a truth value", () => {
  const { sources } = parseConfig("sources:\n  edr:\n    secret: ${PIN}", "file", { PIN: "0123" });
  assert.deepEqual(sources.get("edr"), { secret: "0123" });
});

test("a file without sources has none", () => {
  for (const text of ["", "# nothing\n", "sources: {}\n"]) {
    assert.equal(parseConfig(text, "file", {}).sources.size, 0, JSON.stringify(text));
  }
});

test("YAML that cannot be read is refused with its line", () => {
  assert.match(only("sources:\n  edr:\n    secret: [1, 2\n"), /^webhook_config\.yaml:\d: ./);
  assert.match(only("sources:\n  edr: {}\n  edr: {}\n"), /^webhook_config\.yaml:3: .*unique/);
  assert.match(problemsOf("sources:\n\tedr: {}\n")[0] ?? "", /^webhook_config\.yaml:2: .*[Tt]ab/);
});

test("what is no list of sources is refused with what would be", () => {
  const cases: Readonly<Record<string, RegExp>> = {
    "- edr": /must be a mapping with the key `sources`/,
    text: /must be a mapping with the key `sources`/,
    "source:\n  edr: {}": /`source` is not a section; there are: sources, retention/,
    "sources: [edr]": /`sources` must be a mapping from names to settings/,
    "sources:": /`sources` must be a mapping from names to settings/,
    "sources: 5": /`sources` must be a mapping from names to settings/,
    "sources:\n  edr: secret": /sources\.edr must be a mapping of settings/,
    "sources:\n  edr:": /sources\.edr must be a mapping of settings/,
  };
  for (const [text, remedy] of Object.entries(cases)) assert.match(only(text), remedy);
});

test("a billion laughs are not laughed", () => {
  const anchors = Array.from({ length: 12 }, (_, index) => {
    const before =
      index === 0
        ? '"ha"'
        : Array(9)
            .fill(`*a${index - 1}`)
            .join(", ");
    return `  a${index}: &a${index} [${before}]`;
  });
  const started = performance.now();
  assert.match(only(["sources:", ...anchors].join("\n")), /^webhook_config\.yaml:\d+: /);
  assert.ok(performance.now() - started < 2_000);
});

test("a problem of a source is told with the line of what it speaks of, or of what is around it", () => {
  const config = parseConfig(documented, "webhook_config.yaml", env);
  const cases = {
    "sources.edr.playbook": 15,
    "sources.edr": 12,
    "sources.edr.nothing": 12,
    "sources.email-gateway.severity_mapping.medium": 10,
    "sources.nobody": 2,
    sources: 2,
  };
  for (const [path, line] of Object.entries(cases)) {
    assert.deepEqual(problemLines([{ path, message: "is wrong" }], config), [
      `webhook_config.yaml:${line}: ${path} is wrong`,
    ]);
  }
});

test("a source with dots in its name is found by its line", () => {
  const config = parseConfig("sources:\n  edr: {}\n  edr.eu.west:\n    secret: test-secret\n", "file", {});
  assert.equal(config.lineOf("sources.edr.eu.west"), "file:3");
  assert.equal(config.lineOf("sources.edr.eu.west.secret"), "file:4");
});

async function aFile(t: TestContext, text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "webhook_config.yaml");
  await writeFile(file, text);
  return file;
}

test("a file that is not there is refused by its name", async () => {
  await assert.rejects(readConfigFile("/nowhere/webhook_config.yaml", {}), (error) => {
    assert.ok(error instanceof UserError);
    assert.match(error.message, /^\/nowhere\/webhook_config\.yaml: cannot be read: /);
    return true;
  });
});

test("a check of a good file lists its sources and no problem", async (t) => {
  const settings = readSettings({ TW_CONFIG: await aFile(t, documented) });
  const { sources, problems } = await checkConfigFile(settings, env);
  assert.deepEqual({ sources, problems }, { sources: ["email-gateway", "edr"], problems: [] });
});

test("a check of a wrong file lists every problem with its line", async (t) => {
  const text = ["sources:", "  edr:", "    plugin: nothing", "    secret: s", "  Mail Gateway:", "    secret: s"].join(
    "\n",
  );
  const settings = readSettings({ TW_CONFIG: await aFile(t, text) });
  const { problems } = await checkConfigFile(settings, {});
  assert.equal(problems.length, 2);
  assert.match(problems[0] ?? "", /:3: sources\.edr\.plugin "nothing" is not installed; installed are: auto, /);
  assert.match(problems[1] ?? "", /:5: sources\.Mail Gateway\.source must be lower-case letters/);
});
