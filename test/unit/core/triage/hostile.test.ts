/** What attackers put into payloads, and what must not go into playbooks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileExpression } from "../../../../core/triage/expression.ts";
import { compileTemplates } from "../../../../core/triage/template.ts";
import { bounded } from "../../../../core/triage/values.ts";
import { incidentShape, viewOf } from "../../../../core/triage/view.ts";
import { anEcho, anIncident, aPlaybook, mistakesOf, run } from "./builders.ts";

const scope = { incident: incidentShape, variables: {} };

function holds(source: string, payload: unknown): boolean {
  const compiled = compileExpression(source, scope);
  assert.ok("evaluate" in compiled, "message" in compiled ? compiled.message : "");
  return compiled.evaluate({ incident: viewOf(anIncident(), [payload]), variables: {} });
}

function faultOf(source: string): string {
  const compiled = compileExpression(source, scope);
  return "message" in compiled ? compiled.message : "";
}

for (const name of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"]) {
  test(`no condition reaches ${name} of a payload`, () => {
    assert.equal(holds(`has(incident.payload.${name})`, {}), false);
    assert.equal(holds(`has(incident.payload.deep.${name})`, { deep: {} }), false);
    assert.throws(() => holds(`incident.payload["${name}"] == ""`, {}), /there is no field/);
    assert.equal(holds(`"${name}" in incident.payload`, JSON.parse(`{"a": 1}`)), false);
  });

  test(`no template reaches ${name}`, () => {
    for (const path of [`incident.payload.${name}`, `incident.payload["${name}"]`, `incident.payloads[0].${name}`]) {
      const { fill } = compileTemplates(`x {{ ${path} }}`, scope);
      assert.throws(() => fill({ incident: viewOf(anIncident(), [{}]) }), { name: "Unresolved" });
    }
    assert.equal(compileTemplates(`{{ incident.${name} }}`, scope).faults.length, 1);
    assert.equal(compileTemplates(`{{ ${name} }}`, scope).faults.length, 1);
  });
}

test("a payload's own __proto__ and constructor do not come along", () => {
  const payload: unknown = JSON.parse('{"__proto__": {"admin": true}, "constructor": {"prototype": 1}, "a": 1}');
  assert.deepEqual(bounded(payload), { a: 1 });
  assert.equal(holds("has(incident.payload.admin)", payload), false);
  assert.equal(({} as { admin?: boolean }).admin, undefined);
});

test("a value that looks like a template is text, and is not filled in again", async () => {
  const echo = anEcho();
  const playbook = aPlaybook(
    'name: a\nversion: "1"\nsteps: [{ name: e, action: echo, parameters: { value: "{{ incident.title }}!" } }]',
    [echo],
  );
  await run(playbook, { incident: anIncident({ title: "{{ incident.id }} $(id) {{7*7}}" }) });
  assert.deepEqual(echo.calls, ["{{ incident.id }} $(id) {{7*7}}!"]);
});

for (const [host, path] of [
  ["ws-1", "hosts/ws-1/isolate"],
  ["ws-1/../dc-1", "hosts/ws-1%2F..%2Fdc-1/isolate"],
  ["ws-1?force=1#", "hosts/ws-1%3Fforce%3D1%23/isolate"],
  ["\ud800", "hosts/%EF%BF%BD/isolate"],
  ["a\r\nX-Evil: 1", "hosts/a%0D%0AX-Evil%3A%201/isolate"],
] as const) {
  test(`${JSON.stringify(host)} stays one segment of a path`, async () => {
    const playbook = aPlaybook(
      'name: a\nversion: "1"\nsteps: [{ name: e, action: http_lookup, parameters: { service: edr, path: "hosts/{{ incident.payload.host }}/isolate" } }]',
    );
    const { requests } = await run(playbook, { payloads: [{ host }], answers: { edr: { status: 200, body: {} } } });
    assert.equal(requests[0]?.path, path);
  });
}

for (const code of [
  "1 + 1",
  "incident.title.toUpperCase()",
  "incident['a' + 'b']",
  "process.env.HOME",
  "a; b",
  "",
  "incident..title",
]) {
  test(`{{ ${code} }} is no template`, () => {
    assert.equal(compileTemplates(`{{ ${code} }}`, scope).faults.length, 1);
  });
}

test("a regular expression that would take for ever elsewhere takes no time", () => {
  const from = performance.now();
  for (const pattern of ["(a+)+$", "(a|aa)+$", "(.*a){12}$", "^(([a-z])+.)+[A-Z]([a-z])+$"]) {
    holds(`incident.payload.text.matches("${pattern}")`, { text: `${"a".repeat(50_000)}!` });
  }
  assert.ok(performance.now() - from < 3_000);
});

test("patterns that are no RE2, too large, or made of a payload are refused", () => {
  assert.match(faultOf('incident.title.matches("(?=a)b")'), /none of RE2/);
  assert.match(faultOf('incident.title.matches("((a{1,1000}){1,1000}){1,1000}")'), /none of RE2/);
  assert.match(faultOf("incident.title.matches(incident.description)"), /must be a text that stands in the playbook/);
  assert.match(faultOf('incident.title.matches("a" + "b")'), /must be a text/);
  assert.match(faultOf(`incident.title.matches("${"a".repeat(600)}")`), /longer than/);
});

test("matching in a loop over a large payload comes to an end", () => {
  const tags = Array.from({ length: 5_000 }, (_, index) => `${"x".repeat(9_000)}${index}`);
  const from = performance.now();
  const loop = 'incident.payload.l.exists(a, incident.payload.l.exists(b, a.matches("(x{1,50}){1,5}y") && b == "z"))';
  assert.throws(() => holds(loop, { l: tags }), /more text to look at than they may/);
  assert.ok(performance.now() - from < 2_000);
});

test("loops that multiply are refused, and those that are left come to an end on the largest list", () => {
  const three = "incident.tags.exists(a, incident.tags.exists(b, incident.tags.exists(c, a == c)))";
  assert.match(faultOf(three), /nested more than 2/);
  assert.match(faultOf("incident.tags.map(a, incident.tags.map(b, a + b)).size() > 1"), /inside another loop/);
  assert.match(faultOf('incident.title.split("").exists(a, a == "")'), /needs a list that is there/);
  assert.match(faultOf("cel.bind(a, incident.title + incident.title, a == a)"), /cel\.bind is not available/);
  assert.notEqual(faultOf(Array.from({ length: 200 }, () => "true").join(" && ")), "");

  const list = Array.from({ length: 100_000 }, (_, index) => `item ${index}`);
  const from = performance.now();
  const longest = "a + b + a + b + a + b + a + b == 'none'";
  assert.equal(holds(`incident.payload.l.exists(a, incident.payload.l.exists(b, ${longest}))`, { l: list }), false);
  assert.ok(performance.now() - from < 2_000);
});

test("texts that grow in a loop over long texts are ended in the middle", () => {
  const list = Array.from({ length: 200 }, (_, index) => `${"x".repeat(9_000)}${index}`);
  const inLoops = (predicate: string): string =>
    `incident.payload.l.exists(a, incident.payload.l.exists(b, ${predicate}))`;
  for (const predicate of ["size(a + b + a + b + a + b) == 1", 'a.split("").join("xxxxxxxxxxxxxxxx") == b']) {
    const from = performance.now();
    assert.throws(() => holds(inLoops(predicate), { l: list }), /takes longer than 1 s/);
    assert.ok(performance.now() - from < 5_000);
  }
  assert.equal(holds("incident.payload.l.exists(a, a == 'x')", { l: ["x"] }), true);
});

test("what would double again and again is refused", () => {
  const doubled = (times: number): string => `[incident.tags]${".map(x, x + x)".repeat(times)}.exists(x, x == [])`;
  assert.equal(faultOf(doubled(2)), "");
  assert.match(faultOf(doubled(3)), /not available more than 2 times in a row/);
  assert.match(faultOf('incident.text.split("").join(incident.text) == ""'), /must be a text that stands/);
  assert.match(faultOf('incident.text.split("").join("a").split("").size() > 1'), /needs a text that is there/);
});

test("a payload that is huge, deep or wide is cut before anything looks at it", () => {
  let deep: unknown = "end";
  for (let depth = 0; depth < 5_000; depth += 1) deep = { deep };
  const wide = Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, "x".repeat(50)]));
  const from = performance.now();
  const view = viewOf(anIncident(), [{ deep, wide, long: "x".repeat(5_000_000) }]);
  assert.ok(JSON.stringify(view).length < 3_000_000);
  assert.equal(holds("size(incident.payload.long) == 10000", { long: "x".repeat(5_000_000) }), true);
  assert.ok(performance.now() - from < 2_000);
});

test("a playbook that is huge, or nested without end, is refused with a sentence", () => {
  assert.match(mistakesOf(`name: a\n# ${"x".repeat(300_000)}`)[0]?.message ?? "", /at most 262144 characters/);
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`;
  assert.match(mistakesOf(bomb)[0]?.message ?? "", /aliases are not used/);
  let steps = "[]";
  for (let depth = 0; depth < 30; depth += 1) steps = `[{ condition: "true", then: ${steps} }]`;
  assert.ok(
    mistakesOf(`name: a\nversion: "1"\nsteps: ${steps}`).some(({ message }) => /nested more than 6/.test(message)),
  );
  const many = Array.from(
    { length: 101 },
    (_, index) => `  - { name: s${index}, action: add_tag, parameters: { tag: x } }`,
  );
  assert.ok(mistakesOf(`name: a\nversion: "1"\nsteps:\n${many.join("\n")}`).length > 0);
});

test("a playbook of nothing but mistakes is read in time, and not every one is told", () => {
  const head = 'name: a\nversion: "1"\n';
  const keys = Array.from({ length: 25_000 }, (_, index) => ` k${index}:`).join("\n");
  const from = performance.now();
  for (const text of [
    `${head}variables:\n${keys}`,
    `${head}steps: [${"{},".repeat(60_000)}]`,
    `${head}steps: ${"[".repeat(60_000)}`,
    `${head}verdict: { rules: [${"{},".repeat(60_000)}] }`,
    "a: 1\n".repeat(40_000),
  ]) {
    const { length } = mistakesOf(text);
    assert.ok(length > 0 && length <= 100);
  }
  assert.ok(performance.now() - from < 20_000);
  assert.deepEqual(mistakesOf(`${head}steps: ${"[".repeat(60_000)}`), [
    { line: 1, column: 1, path: "", message: "it is nested too deep" },
  ]);
  assert.match(mistakesOf(`${head}steps: []\nname: b`)[0]?.message ?? "", /"name" stands here twice/);
});

test("a playbook with keys that reach a prototype is refused", () => {
  const text = 'name: a\nversion: "1"\nvariables: { __proto__: { x: 1 } }\nsteps: []';
  assert.match(mistakesOf(text)[0]?.message ?? "", /"__proto__" is not a name here/);
});

test("has() of what is always there is a mistake, since it would always be true", () => {
  assert.match(faultOf("has(incident.entities.email.sender)"), /is always there/);
  assert.equal(faultOf("has(incident.payload.sender)"), "");
});
