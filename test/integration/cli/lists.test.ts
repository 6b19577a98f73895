import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { alert, cli, eventually, gateway, json, register, start } from "../../support/cli.ts";

describe("incidents and deliveries", () => {
  before(async () => {
    await register("listed", { plugin: "generic" });
    for (const [id, severity] of Object.entries({ a1: "high", a2: "low", a3: "critical" })) {
      assert.equal((await gateway.send("listed", alert(id, severity))).status, 202);
    }
    await gateway.send("listed", alert("a1", "high"), { secret: "wrong" });
  });

  test("incident list filters, and is a table for people", async () => {
    const { code, stdout, stderr } = await cli("incident list --source listed --severity high,critical --since 1h");
    assert.equal(code, 0);
    assert.equal(stderr, "");
    const [head = "", ...lines] = stdout.trimEnd().split("\n");
    assert.match(head, /^NUMBER +SEVERITY +STATUS +SOURCE +TYPE +TITLE +ALERTS +CREATED \(UTC\)$/);
    assert.equal(lines.length, 2);
    for (const line of lines) {
      assert.match(
        line,
        /^INC-\d{4}-\d{4,} +(high|critical) +new +listed +security_alert .* \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/,
      );
    }
    assert.equal((await cli("incident list --source listed --until 1h")).stdout, "No incident.\n");
  });

  test("incident list pages with a cursor, and --all follows it", async () => {
    const first = await cli("incident list --source listed --limit 2");
    const [, cursor = ""] = /--cursor (\S+)/.exec(first.stderr) ?? [];
    assert.equal((await json(`incident list --source listed --limit 2 --cursor ${cursor}`)).data.length, 1);
    const all = await json("incident list --source listed --limit 1 --all");
    assert.equal(all.data.length, 3);
    assert.equal(all.meta.next_cursor, null);
  });

  test("incident list leaves tests out unless asked for", async () => {
    await register("tested");
    await cli("webhook test tested");
    assert.equal((await json("incident list --source tested")).data.length, 0);
    assert.equal((await json("incident list --source tested --include-tests")).data.length, 1);
  });

  test("incident show finds by number and by id", async () => {
    const [incident] = (await json("incident list --source listed --severity critical")).data;
    const shown = await cli(`incident show ${incident.number}`);
    assert.match(shown.stdout, new RegExp(`^${incident.number} {2}`));
    assert.match(shown.stdout, /^severity +critical/m);
    assert.equal((await json(`incident show ${incident.id}`)).number, incident.number);
    assert.deepEqual(await cli("incident show INC-1999-0001"), {
      code: 1,
      stdout: "",
      stderr: "error: There is no incident 'INC-1999-0001' (not_found)\n",
    });
  });

  test("delivery list and show say what became of a delivery", async () => {
    const { data } = await json("delivery list --source listed --outcome accepted");
    assert.equal(data.length, 3);
    const shown = await cli(`delivery show ${data[0].id}`);
    assert.match(shown.stdout, /^outcome +accepted$/m);
    assert.match(shown.stdout, /^stages +receive \d+\.\d\d ms, /m);
    assert.match(shown.stdout, /\n\n\{"event_type":"security_alert",.*\}\n$/);
    assert.equal((await json(`delivery show ${data[0].id}`)).body_encoding, "utf8");
  });

  test("delivery list tells why one was refused", async () => {
    const refused = await eventually(async () => {
      const { stdout } = await cli("delivery list --source listed --code invalid_signature");
      return stdout === "No delivery.\n" ? undefined : stdout;
    });
    assert.match(refused, /refused +- +invalid_signature +Webhook signature verification failed$/m);
  });

  test("an unknown value of a filter is told by the API", async () => {
    const { code, stdout, stderr } = await cli("incident list --severity urgent");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^error: The query is not valid \(invalid_request\)\n {2}query\.severity.*: must be one of /);
  });

  test("a reader that leaves early is no mistake", async () => {
    const child = start(["incident", "list", "--all", "--json"]);
    child.stdout.destroy();
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
    assert.deepEqual([code, stderr], [0, ""]);
  });
});
