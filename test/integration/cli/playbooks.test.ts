import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { cli, eventually, folder, gateway, json } from "../../support/cli.ts";
import { testSecret } from "../../support/gateway.ts";

describe("playbook and approval", () => {
  test("a dry run of a payload shows each step and the verdict with its reason", async () => {
    const file = join(folder, "mail.json");
    await writeFile(file, '{"event_type":"failed_login","data":{"title":"3 failed logins","src_ip":"10.1.2.3"}}');
    const { code, stdout } = await cli(`playbook run failed_login_triage --dry-run --file ${file}`);
    assert.equal(code, 0);
    assert.match(stdout, /✔ tag_inside +add_tag: tag=from-inside/);
    assert.match(stdout, /false_positive \(85 %\): A few failures from inside/);
    assert.match(stdout, /status +resolved/);
  });

  test("what is to be run on has to be said, once, and a payload is only tried", async () => {
    assert.equal((await cli("playbook run x")).code, 2);
    assert.equal((await cli("playbook run x --incident a --file b --dry-run")).code, 2);
    assert.equal((await cli("playbook run x --file b")).code, 2);
  });

  test("a playbook that is not there is one line", async () => {
    const { code, stderr } = await cli("playbook show nothing");
    assert.equal(code, 1);
    assert.match(stderr, /There is no playbook 'nothing' \(not_found\)/);
  });

  test("an approval is listed, granted once, and the run goes on and says why", async () => {
    const text = `name: ask_cli\nversion: "1"\nsteps: [{ name: ask, action: request_approval, parameters: { question: Block it? }, output: a }]\nverdict: { rules: [{ when: a.granted, verdict: true_positive, reason: "allowed by {{ a.by }}" }] }\n`;
    assert.equal((await gateway.api("POST", "/api/playbooks", { text })).status, 201);
    const source = { source: "cli-mail", secret: testSecret, auto_triage: true, playbook: "ask_cli" };
    assert.equal((await gateway.api("POST", "/api/webhooks", source)).status, 201);
    const { body } = await gateway.send("cli-mail", '{"event_type":"phishing","data":{"id":"1","title":"Mail"}}');
    const approval = await eventually(async () => {
      const { data } = await json("approval list");
      return data.find(
        ({ incident_number: number }: { readonly incident_number: string }) => number === body.incident_number,
      );
    });
    const waiting = await cli(`incident show ${body.incident_number}`);
    assert.match(waiting.stdout, /^triage +ask_cli 1.*, waiting$/m);
    const granted = await cli(`approval grant ${approval.id} --comment fine`);
    assert.match(granted.stdout, /granted: Block it\?/);
    assert.match(
      (await cli(`approval deny ${approval.id}`)).stderr,
      /granted already, by analyst:admin \(approval_decided\)/,
    );
    await eventually(async () => {
      const { stdout } = await cli(`incident show ${body.incident_number} --why`);
      return /true_positive: allowed by analyst:admin/.test(stdout) || undefined;
    });
    const shown = (await cli(`incident show ${body.incident_number}`)).stdout;
    assert.match(shown, /^triage +ask_cli 1: true_positive, done$/m);
    const { data } = await json("incident list --source cli-mail");
    const { run_id, ended_at, ...triage } = data[0].triage;
    assert.deepEqual([run_id, new Date(ended_at).toISOString()], [body.incident_id, ended_at]);
    assert.deepEqual(triage, {
      playbook: "ask_cli",
      version: "1",
      state: "done",
      verdict: "true_positive",
      confidence: null,
      reason: "allowed by analyst:admin",
    });
  });
});
