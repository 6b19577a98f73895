import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { alert, cli, folder, gateway, json, misused, register, run } from "../../support/cli.ts";
import { testSecret } from "../../support/gateway.ts";

test("the text's commands work as they are typed", async () => {
  const added = await run([
    ...["webhook", "add", "email-gateway", "--secret", "your-secret-key"],
    ...["--auto-triage", "true", "--playbook", "phishing_triage"],
  ]);
  assert.equal(added.code, 0, added.stderr);
  assert.match(added.stdout, /Source email-gateway is registered/);
  assert.match(added.stdout, new RegExp(`it sends to +${RegExp.escape(gateway.url)}/api/webhooks/email-gateway\n`));
  assert.match(added.stderr, /^warning: A secret has fewer than 16 characters/);
  assert.ok(!`${added.stdout}${added.stderr}`.includes("your-secret-key"));

  const tested = await cli("webhook test email-gateway");
  assert.equal(tested.code, 0, tested.stderr);
  assert.match(
    tested.stdout,
    /^✔ connect +\d+\.\d\d ms {2}http:.*\/api\/webhooks\/email-gateway\n✔ receive +\d+\.\d\d ms\n/,
  );
  assert.match(
    tested.stdout,
    /✔ authenticate .*\n(.*\n)*✔ commit .*\n✔ answer .* 202\n✔ INC-\d{4}-\d{4,} was made, tagged test\n$/,
  );
  assert.equal(tested.stderr, "");
});

describe("webhook", () => {
  test("add takes every field, and a secret from standard input without its line break", async () => {
    const line =
      "webhook add from-stdin --plugin generic --secret-stdin --auto-triage --playbook p --default-severity low --severity-mapping 5=critical --severity-mapping worst=high --processing immediate --tolerance-seconds 600 --rate-limit 100/60 --grouping type,entities.host/1h";
    const source = await json(line, { stdin: `${testSecret}\n` });
    const { warnings, secrets, created_at, updated_at, signature, ...rest } = source;
    assert.deepEqual(rest, {
      source: "from-stdin",
      plugin: "generic",
      auto_triage: true,
      playbook: "p",
      default_severity: "low",
      severity_mapping: { 5: "critical", worst: "high" },
      options: {},
      processing: "immediate",
      tolerance_seconds: 600,
      rate_limit: { requests: 100, per_seconds: 60 },
      grouping: { by: ["type", "entities.host"], window: "1h" },
      enabled: true,
      origin: "api",
    });
    assert.equal((await gateway.send("from-stdin", alert("s-1", "5"))).status, 202);
  });

  test("add reads a secret from a file without its line break", async () => {
    const file = join(folder, "secret.txt");
    await writeFile(file, `${testSecret}\r\n`);
    assert.equal((await cli(`webhook add from-file --secret-file ${file}`)).code, 0);
    assert.equal((await gateway.send("from-file", alert("f-1", "high"))).status, 202);
  });

  test("add takes a preset, which says the plugin, and names those there are for one that there is not", async () => {
    const { plugin, options, signature } = await json(`webhook add wazuh --preset wazuh --secret ${testSecret}`);
    assert.deepEqual([plugin, options], ["generic", { preset: "wazuh" }]);
    assert.match(signature, /Bearer/);
    assert.equal((await cli("webhook test wazuh")).code, 0);

    const { code, stderr } = await cli(`webhook add other --preset wazu --secret ${testSecret}`);
    assert.equal(code, 1);
    assert.match(stderr, /^error: There is no preset "wazu"; there are: cortex, falco, .*, wazuh$/m);

    const changed = await json("webhook update wazuh --preset falco");
    assert.deepEqual([changed.plugin, changed.options], ["generic", { preset: "falco" }]);
  });

  test("add says what is wrong, each on a line, and fails", async () => {
    const { code, stdout, stderr } = await run([
      "webhook",
      "add",
      "Bad Name",
      "--secret",
      "x",
      "--default-severity",
      "urgent",
    ]);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(
      stderr,
      /^error: The source is not valid \(invalid_request\)\n {2}source: .*\n {2}default_severity: must be one of .*\n$/,
    );
  });

  test("add refuses a file and standard input that hold no secret", async () => {
    const absent = await cli("webhook add nothing --secret-file /nowhere/secret");
    assert.deepEqual([absent.code, absent.stdout], [1, ""]);
    assert.match(absent.stderr, /^error: \/nowhere\/secret: cannot be read: .*\n$/);
    const empty = await cli("webhook add nothing --secret-stdin", { stdin: "\n" });
    assert.deepEqual(empty, { code: 1, stdout: "", stderr: "error: Standard input holds no secret\n" });
  });

  test("list and show tell of a source, and nothing of its secret", async () => {
    await register("shown", { plugin: "generic", rate_limit: { requests: 5, per_seconds: 10 } });
    const listed = await cli("webhook list");
    assert.match(listed.stdout, /^SOURCE +PLUGIN +STATE /);
    assert.match(listed.stdout, /^shown +generic +enabled +no +- +api +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/m);
    const shown = await cli("webhook show shown");
    assert.match(shown.stdout, /^source +shown$/m);
    assert.match(shown.stdout, /^rate limit +5 requests in 10 s$/m);
    assert.ok(!`${listed.stdout}${shown.stdout}`.includes(testSecret));
    assert.equal((await json("webhook list")).meta.next_cursor, null);
    assert.equal((await json("webhook show shown")).source, "shown");
  });

  test("update changes what is said and nothing else", async () => {
    await register("changed", { playbook: "p", tolerance_seconds: 60 });
    const changed = await json(
      "webhook update changed --no-playbook --add-secret-stdin --default-severity high --disabled",
      {
        stdin: "another-throw-away-secret-0123456789\n",
      },
    );
    assert.equal(changed.playbook, null);
    assert.equal(changed.tolerance_seconds, 60);
    assert.equal(changed.default_severity, "high");
    assert.equal(changed.enabled, false);
    assert.equal(changed.secrets.length, 2);
    const shown = await cli("webhook update changed --enabled");
    assert.match(shown.stdout, /✔ Source changed is changed\n/);
  });

  test("update without a change, or with two that exclude each other, is a mistake of use", async () => {
    assert.match((await misused("webhook update changed")).stderr, /^error: name something to change/);
    await misused("webhook update changed --enabled --disabled");
    await misused("webhook update changed --secret a --add-secret-stdin");
  });

  test("test shows the stage that fails, and fails", async () => {
    await register("disabled", { enabled: false });
    const { code, stdout, stderr } = await cli("webhook test disabled");
    assert.equal(code, 1);
    assert.match(stdout, /✘ authenticate +\d+\.\d\d ms\n✘ answer +\d+\.\d\d ms {2}403\n$/);
    assert.equal(
      stderr,
      "error: The test of disabled failed: Webhook source 'disabled' is disabled (source_disabled)\n",
    );
    const programs = await cli("webhook test disabled --json");
    assert.equal(programs.code, 1);
    assert.equal(JSON.parse(programs.stdout).ok, false);
  });

  test("delete asks, so without a terminal it wants --yes", async () => {
    await register("deleted");
    assert.match((await misused("webhook delete deleted")).stderr, /--yes/);
    assert.deepEqual(await cli("webhook delete deleted --yes"), {
      code: 0,
      stdout: "✔ Source deleted is deleted\n",
      stderr: "",
    });
    assert.deepEqual(await cli("webhook delete deleted -y"), {
      code: 1,
      stdout: "",
      stderr: "error: Webhook source 'deleted' is not registered (unknown_source)\n",
    });
  });
});
