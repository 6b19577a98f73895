import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { Incident } from "../../../../core/incidents/incident.ts";
import { loadPlugins } from "../../../../core/registry/plugins.ts";
import { actionsOf } from "../../../../core/triage/actions/index.ts";
import { libraryOf, type PlaybookText, readFolder, shippedPlaybooks } from "../../../../core/triage/library.ts";
import { type Outcome, parseSuite, runScenario } from "../../../../core/triage/scenarios.ts";
import { anIncident, run } from "./builders.ts";

const plugins = await loadPlugins("plugins.json");
const library = libraryOf(await readFolder(shippedPlaybooks, "shipped"), actionsOf(plugins.all));
const now = new Date("2026-01-15T12:00:00.000Z");

for (const { name, playbook, mistakes } of library.all) {
  test(`${name} has no mistake`, () => assert.deepEqual(mistakes, []));

  const file = join(shippedPlaybooks, "tests", `${name}.yaml`);
  const suite = parseSuite(await readFile(file, "utf8"), file);
  assert.ok("scenarios" in suite && playbook !== undefined);
  const { scenarios } = suite;

  test(`${name} has at least twelve scenarios, true and false positives among them`, () => {
    const expected = scenarios.map(({ expect }) => expect.verdict);
    assert.ok(expected.length >= 12);
    for (const one of ["true_positive", "false_positive", "inconclusive"]) assert.ok(expected.includes(one as never));
  });

  for (const scenario of scenarios) {
    test(`${name}: ${scenario.name}`, async () => {
      const { faults }: Outcome = await runScenario(scenario, playbook, plugins, now);
      assert.deepEqual(faults, []);
    });
  }

  test(`${name}: no step of it fails where no list is there`, async () => {
    for (const scenario of scenarios) {
      const { ended } = await runScenario({ ...scenario, lists: {} }, playbook, plugins, now);
      assert.deepEqual(
        ended?.steps.filter(({ state }) => state === "failed"),
        [],
      );
    }
  });
}

test("the playbook that asks for most of an incident is chosen, and none where none fits", () => {
  assert.equal(library.choose(anIncident({ type: "phishing" }))?.name, "phishing_triage");
  assert.equal(library.choose(anIncident({ type: "failed_login" }))?.name, "failed_login_triage");
  assert.equal(library.choose(anIncident({ type: "heartbeat" })), undefined);
  const special = `name: vip\nversion: "1"\ntriggers: { types: [phishing], sources: [email-gateway] }\nsteps: []\n`;
  const more = libraryOf([...library.all, { file: "vip.yaml", text: special, origin: "folder" }], actionsOf([]));
  assert.equal(more.choose(anIncident({ type: "phishing" }))?.name, "vip");
});

test("the folder's playbook takes the place of the one that ships, and one with a mistake is no playbook", () => {
  const own = `name: phishing_triage\nversion: "7"\nsteps: []\n`;
  const broken = `name: broken\nversion: "1"\nsteps: [{ action: nothing }]\n`;
  const texts = [
    { file: "a.yaml", text: own, origin: "folder" },
    { file: "b.yaml", text: broken, origin: "folder" },
  ] as const;
  const both = libraryOf([...texts, ...library.all], actionsOf([]));
  assert.equal(both.get("phishing_triage")?.version, "7");
  assert.equal(both.get("broken"), undefined);
});

test("a run that is asked for again judges anew, and leaves what an analyst or the vendor said", async () => {
  const entry = { at: now.toISOString(), why: null, version: 2, comment: null };
  const said = (by: string, from: string | null, to: string | null): object => ({
    ...entry,
    by,
    changes: [{ field: "verdict", from, to }],
  });
  const reasonOf = async (verdict: "suspicious" | "true_positive", timeline: readonly object[]): Promise<string> => {
    const playbook = library.get("phishing_triage");
    assert.ok(playbook);
    const about = { type: "phishing", title: "Verify your account", verdict };
    const { verdict: judged } = await run(playbook, { incident: { ...anIncident(about), timeline } as Incident });
    return judged?.reason ?? "";
  };
  const own = said("playbook:phishing_triage", null, "suspicious");
  assert.match(await reasonOf("suspicious", [own]), /nothing speaks for its sender/);
  const analyst = said("analyst:jane", "suspicious", "true_positive");
  assert.match(await reasonOf("true_positive", [own, analyst]), /^analyst:jane has judged it already: true_positive/);
  const after = said("playbook:phishing_triage", "true_positive", "suspicious");
  assert.match(await reasonOf("suspicious", [analyst, after]), /^analyst:jane has judged it already: true_positive/);
  assert.match(await reasonOf("true_positive", []), /^\w+ has judged it already: true_positive/);
});

test("two files of a folder that have one name are a mistake, and one elsewhere takes the place", () => {
  const text = `name: mine\nversion: "1"\nsteps: []\n`;
  const at = (file: string): PlaybookText => ({ file, text, origin: "folder" });
  const [twin] = libraryOf([at("playbooks/a.yaml"), at("playbooks/b.yaml")], actionsOf([])).all;
  assert.match(twin?.mistakes[0]?.message ?? "", /another file of its folder has a playbook "mine": a\.yaml/);
  assert.deepEqual(libraryOf([at("playbooks/a.yaml"), at("new/a.yaml")], actionsOf([])).all[0]?.mistakes, []);
});
