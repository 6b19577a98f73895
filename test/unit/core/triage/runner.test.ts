import assert from "node:assert/strict";
import { test } from "node:test";
import { defineAction, joi } from "@thruway/sdk";
import type { Approval } from "../../../../core/runs/approval.ts";
import { aFailing, anEcho, anIncident, aPlaybook, hanging, noon, run } from "./builders.ts";

function text(steps: string, rest = ""): string {
  return `name: test\nversion: "1"\nvariables: { threshold: 0.7 }\nsteps:\n${steps}\n${rest}`;
}

test("steps run in their order, and what one gives the next one can use", async () => {
  const echo = anEcho();
  const playbook = aPlaybook(
    text(`
  - { name: one, action: echo, parameters: { value: { text: hello, count: 3, share: 0.8, names: [a, b] } }, output: one }
  - { name: two, condition: "one.count == 3 && one.share > variables.threshold && 'a' in one.names", action: echo, parameters: { value: "{{ one.text }} world" } }
  - { name: three, action: echo, parameters: { value: "{{ one.names }}" } }`),
    [echo],
  );
  const { state, steps } = await run(playbook);
  assert.equal(state, "done");
  assert.deepEqual(echo.calls.slice(1), ["hello world", ["a", "b"]]);
  assert.deepEqual(
    steps.map(({ state }) => state),
    ["done", "done", "done"],
  );
});

test("a branch goes one way and says why", async () => {
  const playbook = aPlaybook(
    text(`
  - name: high
    condition: "incident.severity == 'high'"
    then: [{ name: yes, action: add_tag, parameters: { tag: high } }]
    else: [{ name: no, action: add_tag, parameters: { tag: low } }]`),
  );
  const { incident, steps } = await run(playbook, { incident: anIncident({ severity: "high" }) });
  assert.deepEqual(incident.tags, ["high"]);
  assert.equal(steps[0]?.why, "incident.severity == 'high' is true");
  assert.equal((await run(playbook)).incident.tags[0], "low");
});

test("a later step sees what an earlier one changed of the incident", async () => {
  const playbook = aPlaybook(
    text(`
  - { name: raise, action: set_severity, parameters: { severity: critical } }
  - { name: seen, condition: "incident.severity == 'critical'", action: add_tag, parameters: { tag: seen } }`),
  );
  const { incident, changes } = await run(playbook);
  assert.deepEqual(incident.tags, ["seen"]);
  assert.deepEqual(changes[0]?.context.by, "playbook:test");
});

test("a template that names what is not there fails its step, and on_error says what then", async () => {
  const steps = (onError: string): string =>
    text(`
  - { name: a, action: add_tag, parameters: { tag: "{{ incident.entities.email.sender }}" }, on_error: ${onError} }
  - { name: b, action: add_tag, parameters: { tag: b } }`);
  const failed = await run(aPlaybook(steps("fail")));
  assert.equal(failed.state, "failed");
  assert.match(failed.reason ?? "", /step "a" failed: there is no incident.entities.email.sender/);
  const went = await run(aPlaybook(steps("continue")));
  assert.equal(went.state, "done");
  assert.deepEqual(went.incident.tags, ["b"]);
});

test("a step is tried again as often as it says", async () => {
  const step = "\n  - { name: a, action: flaky, on_error: { retry: { times: 2, backoff: 1ms } } }";
  const once = await run(aPlaybook(text(step), [aFailing(2)]));
  assert.equal(once.state, "done");
  assert.equal(once.steps[0]?.tries, 3);
  assert.equal((await run(aPlaybook(text(step), [aFailing(3)]))).state, "failed");
});

test("a step that takes too long is given up", async () => {
  const { state, reason } = await run(aPlaybook(text("\n  - { name: a, action: hang, timeout: 10ms }"), [hanging]));
  assert.equal(state, "failed");
  assert.match(reason ?? "", /took more than 0.01 s/);
});

test("what a step gives that did not run is empty, and its ok is false", async () => {
  const playbook = aPlaybook(
    text(`
  - { name: never, condition: "false", action: lookup_list, parameters: { list: x, value: y }, output: never }
  - { name: a, condition: "!never.ok && !never.found && never.entry == ''", action: add_tag, parameters: { tag: a } }`),
  );
  assert.deepEqual((await run(playbook)).incident.tags, ["a"]);
});

test("the first rule that holds gives the verdict, its reason and its steps", async () => {
  const playbook = aPlaybook(
    text(
      "  []",
      `verdict:
  rules:
    - { when: "incident.payload.no.such == 1", verdict: suspicious, reason: x }
    - { when: "incident.type == 'phishing'", verdict: true_positive, confidence: 0.9, reason: "{{ incident.type }} it is", then: [{ name: up, action: escalate }] }
  otherwise: inconclusive`,
    ),
  );
  const { verdict, incident, changes } = await run(playbook);
  assert.equal(verdict?.verdict, "true_positive");
  assert.equal(verdict.reason, "phishing it is");
  assert.match(verdict.rules[0]?.error ?? "", /field no/);
  assert.equal(incident.verdict, "true_positive");
  assert.equal(incident.status, "escalated");
  assert.equal(changes[0]?.context.why, "phishing it is");
  const other = await run(playbook, { incident: anIncident({ type: "other" }) });
  assert.equal(other.verdict?.verdict, "inconclusive");
});

test("a verdict that somebody gave meanwhile stands", async () => {
  const playbook = aPlaybook(text("  []", "verdict: { otherwise: suspicious }"));
  const decided = anIncident({ verdict: "false_positive" });
  const meanwhile = await run(playbook, { incident: decided, verdictBefore: null });
  assert.deepEqual([meanwhile.incident.verdict, meanwhile.verdict?.applied], ["false_positive", false]);
  const before = await run(playbook, { incident: decided });
  assert.deepEqual([before.incident.verdict, before.verdict?.applied], ["suspicious", true]);
});

test("an analyst's verdict stands, also where the run began after it", async () => {
  const playbook = aPlaybook(text("  []", "verdict: { otherwise: suspicious }"));
  const entry = { at: noon.toISOString(), by: "analyst:jane", why: null, version: 2, comment: null };
  const changes = [{ field: "verdict", from: null, to: "false_positive" }];
  const incident = { ...anIncident({ verdict: "false_positive" }), timeline: [{ ...entry, changes }] };
  const { verdict, incident: after } = await run(playbook, { incident });
  assert.deepEqual([after.verdict, verdict?.applied, verdict?.verdict], ["false_positive", false, "suspicious"]);
});

const waits = aPlaybook(
  text(
    `
  - { name: ask, action: request_approval, parameters: { question: "Isolate {{ incident.number }}?" }, output: answer }
  - { name: yes, condition: "answer.granted", action: add_tag, parameters: { tag: isolated } }`,
    "verdict: { otherwise: suspicious }",
  ),
);

test("a run waits for approval with the incident pending, and goes on from there", async () => {
  const approvals = new Map<string, Approval>();
  const first = await run(waits, { approvals });
  assert.equal(first.state, "waiting");
  assert.equal(first.incident.status, "pending_approval");
  const [approval] = approvals.values();
  assert.equal(approval?.question, "Isolate INC-2026-0001?");
  approvals.set(approval.id, { ...approval, state: "granted", decided_by: "jane" });
  const { incident, steps } = first;
  const second = await run(waits, { approvals, incident, steps });
  assert.equal(second.state, "done");
  assert.deepEqual([second.incident.tags, second.incident.status], [["isolated"], "in_progress"]);
  assert.equal(second.changes[0]?.context.why, "granted by jane");
  assert.equal(approvals.size, 1);
});

test("an action outside is asked for first, done once under one key, and not done when denied", async () => {
  const playbook = aPlaybook(
    text(`
  - { name: block, action: http_action, parameters: { service: fw, path: block, body: { ip: "192.0.2.1" }, description: Block it }, output: blocked }
  - { name: after, condition: "blocked.done", action: add_tag, parameters: { tag: blocked } }`),
  );
  const approvals = new Map<string, Approval>();
  const answers = { fw: { status: 200, body: { ok: true } } };
  const first = await run(playbook, { approvals, answers });
  assert.equal(first.state, "waiting");
  assert.deepEqual(first.requests, []);
  const [approval] = approvals.values();
  assert.ok(approval);
  const { steps, incident } = first;
  approvals.set(approval.id, { ...approval, state: "denied" });
  const denied = await run(playbook, { approvals, answers, steps, incident });
  assert.deepEqual([denied.requests.length, denied.incident.tags], [0, []]);
  approvals.set(approval.id, { ...approval, state: "granted" });
  const granted = await run(playbook, { approvals, answers, steps, incident });
  assert.equal(granted.requests[0]?.key, "run-1:block");
  assert.deepEqual(granted.incident.tags, ["blocked"]);
});

test("what was allowed is done, and what was begun goes on, whatever the incident has become meanwhile", async () => {
  const playbook = aPlaybook(
    text(`
  - { name: isolate, action: http_action, parameters: { service: edr, path: "hosts/{{ incident.payload.host }}", body: { host: "{{ incident.payload.host }}" }, description: "Isolate {{ incident.payload.host }}" }, output: done }`),
  );
  const approvals = new Map<string, Approval>();
  const answers = { edr: { status: 200, body: {} } };
  const first = await run(playbook, { approvals, answers, payloads: [{ host: "ws-1" }] });
  const [approval] = approvals.values();
  assert.ok(approval);
  approvals.set(approval.id, { ...approval, state: "granted" });
  const { steps, incident } = first;
  const { requests } = await run(playbook, { approvals, answers, steps, incident, payloads: [{ host: "dc-1" }] });
  assert.deepEqual([requests[0]?.path, requests[0]?.body], ["hosts/ws-1", { host: "ws-1" }]);

  const [waiting] = steps;
  assert.ok(waiting);
  const begun = [
    { ...waiting, state: "begun", parameters: { ...waiting.parameters, requires_approval: false } },
  ] as const;
  const again = await run(playbook, { answers, steps: begun, payloads: [{ host: "dc-1" }] });
  assert.deepEqual([again.requests[0]?.path, again.requests[0]?.key], ["hosts/ws-1", "run-1:isolate"]);
});

test("a notification is said under the key of its step, however often the step is begun", async () => {
  const playbook = aPlaybook(
    text(`\n  - { name: tell, action: notify, parameters: { channel: soc, text: "{{ incident.title }}" } }`),
  );
  const { messages } = await run(playbook);
  assert.deepEqual(
    messages.map(({ id, text }) => [id, text]),
    [["run-1:tell", "Phishing email"]],
  );
});

test("a run that goes on does nothing twice", async () => {
  const echo = anEcho();
  const playbook = aPlaybook(
    text(`
  - { name: one, action: echo, parameters: { value: { text: kept } }, output: one }
  - { name: two, action: echo, parameters: { value: "{{ one.text }}" } }`),
    [echo],
  );
  const { steps } = await run(playbook);
  echo.calls.length = 0;
  await run(playbook, { steps: steps.slice(0, 1) });
  assert.deepEqual(echo.calls, ["kept"]);
});

test("steps beside each other all run, also where one of them fails", async () => {
  const playbook = aPlaybook(
    text(`
  - parallel:
      - { name: bad, action: flaky }
      - { name: good, action: add_tag, parameters: { tag: good } }`),
    [aFailing(9)],
  );
  const { state, incident } = await run(playbook);
  assert.equal(state, "failed");
  assert.deepEqual(incident.tags, ["good"]);
});

test("sensitive parameters are written down nowhere", async () => {
  const playbook = aPlaybook(
    text("\n  - { name: a, action: echo, parameters: { value: x, token: throw-away-token } }"),
    [anEcho()],
  );
  const { steps } = await run(playbook);
  assert.doesNotMatch(JSON.stringify(steps), /throw-away-token/);
  assert.match(JSON.stringify(steps), /\*{8}/);
});

test("a step whose output is sensitive is written down masked, and run again where a run goes on", async () => {
  let times = 0;
  const secretive = defineAction({
    name: "secretive",
    about: "Gives a token",
    parameters: joi.object({}),
    output: { token: "string" },
    sensitive: ["token"],
    run: () => {
      times += 1;
      return { token: "throw-away-token" };
    },
  });
  const playbook = aPlaybook(
    text(`
  - { name: one, action: secretive, output: one }
  - { name: two, condition: "one.token == 'throw-away-token'", action: add_tag, parameters: { tag: seen } }`),
    [secretive],
  );
  const { steps } = await run(playbook);
  assert.doesNotMatch(JSON.stringify(steps), /throw-away-token"/);
  const again = await run(playbook, { steps: steps.slice(0, 1) });
  assert.deepEqual([times, again.incident.tags], [2, ["seen"]]);
});
