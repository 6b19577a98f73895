import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { alert, cli, eventually, gateway, json, misused, register, run, start } from "../../support/cli.ts";

let events = 0;
async function made(severity = "high"): Promise<string> {
  events += 1;
  return (await gateway.send("worked", alert(`w${events}`, severity))).body.incident_number;
}

describe("incidents are worked", () => {
  before(() => register("worked", { plugin: "generic" }));

  test("an incident is worked from its list to its end", async () => {
    const number = await made();
    const update = ["incident", "update", number, "--status", "in_progress", "--add-tag", "a,b", "--why", "We look"];
    assert.equal((await run(update)).stdout, `✔ ${number} is in_progress, high\n`);
    assert.equal(
      (await cli(`incident assign ${number} kim`)).stdout,
      `✔ ${number} is in_progress, high, assigned to kim\n`,
    );
    const said = await run(["incident", "comment", number], { stdin: "First line\nsecond line\n" });
    assert.equal(said.stdout, `✔ ${number} has the comment\n`);
    const closed = await cli(`incident close ${number} --verdict false_positive`);
    assert.equal(closed.stdout, `✔ ${number} is closed, high, false_positive, assigned to kim\n`);

    const { stdout } = await cli(`incident show ${number}`);
    assert.match(stdout, /analyst:admin {2}status new → in_progress; tags none → a,b \(We look\)$/m);
    assert.match(stdout, / {2}analyst:admin\n {4}First line\n {4}second line$/m);
    assert.match(stdout, /status in_progress → closed; verdict none → false_positive$/m);
    const shown = await json(`incident show ${number}`);
    assert.deepEqual([shown.version, shown.tags, shown.timeline.length], [5, ["a,b"], 4]);
  });

  test("an incident is found by everything, and counted", async () => {
    const number = await made("low");
    await run(["incident", "update", number, "--add-tag", "one, two", "--assignee", "lee"]);
    const { data, meta } = JSON.parse(
      (
        await run([
          ...["incident", "list", "--tag", "one, two", "--assignee", "lee", "--search", "alert", "--sort", "updated"],
          ...["--verdict", "none", "--updated-since", "1h", "--facets", "status,severity", "--json"],
        ])
      ).stdout,
    );
    assert.deepEqual(
      [data.length, data[0]?.number, meta.facets],
      [1, number, { status: { new: 1 }, severity: { low: 1 } }],
    );
    const { stdout } = await cli("incident list --assignee lee --facets status");
    assert.match(stdout, /^status +new 1\nof +1\n\nNUMBER/);
  });

  test("a change of another version than was said is refused", async () => {
    const number = await made();
    assert.equal((await cli(`incident resolve ${number}`)).code, 0);
    const { code, stderr } = await cli(`incident update ${number} --severity low --if-version 1`);
    assert.equal(code, 1);
    assert.match(stderr, /has version 2, not 1; read it again/);
  });

  test("what says nothing, or too much, is said wrong", async () => {
    const number = await made();
    await misused(`incident update ${number}`);
    await misused(`incident update ${number} --why because`);
    await misused(`incident assign ${number}`);
    await misused(`incident assign ${number} kim --nobody`);
  });

  test("watch shows what is made and what changes, and not what was there", async () => {
    const old = await made();
    const child = start(["incident", "watch", "--source", "worked", "--json"]);
    let out = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      out += piece;
    });
    const errors = text(child.stderr);
    const seen = (): readonly (readonly [string, number])[] =>
      out
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line))
        .map(({ number, version }) => [number, version]);
    // It says nothing before something happens: what is made now is seen, whenever it began to look.
    const first = await eventually(async () => {
      const number = await made();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return seen().length > 0 ? number : undefined;
    });
    await cli(`incident assign ${first} kim`);
    await eventually(() =>
      Promise.resolve(seen().some(([number, version]) => number === first && version === 2) || undefined),
    );
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    assert.deepEqual([code, await errors], [0, ""]);
    assert.ok(seen().every(([number]) => number !== old));
    assert.equal(new Set(seen().map(String)).size, seen().length);
  });
});
