import assert from "node:assert/strict";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { before, describe, test } from "node:test";
import { alert, cli, eventually, gateway, json, register, start } from "../../support/cli.ts";
import { seconds, signatureOf } from "../../support/signed.ts";

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
    assert.match(shown.stdout, /^✔ receive +\d+\.\d\d ms +\d+\.\d\d ms +█+\n(✔ .*\n)+✔ map .* █+$/m);
    assert.match(shown.stdout, /\n\n\{"event_type":"security_alert",.*\}\n$/);
    assert.equal((await json(`delivery show ${data[0].id}`)).body_encoding, "utf8");
  });

  test("delivery show takes the id of an answer, of the queue, and the number of an incident", async () => {
    const { body, headers } = await gateway.send("listed", alert("numbered", "low"));
    const id = headers.get("x-request-id") ?? "";
    for (const named of [id, `queue-${id}`, body.incident_number, body.incident_number.toLowerCase()]) {
      assert.equal((await json(`delivery show ${named}`)).id, id);
    }
    const again = await gateway.send("listed", alert("numbered", "high"));
    const { data } = await json(`delivery show ${body.incident_number}`);
    assert.deepEqual(
      data.map((each: { readonly id: string }) => each.id),
      [again.headers.get("x-request-id"), id],
    );
    assert.match((await cli(`delivery show ${body.incident_number}`)).stdout, /^DELIVERY .*\n(.* accepted .*\n){2}$/);
  });

  test("delivery show of a refused one says what was expected, what was there, what is wrong and what to do", async () => {
    const sent = alert("explained", "low");
    const signed = { "x-webhook-signature": signatureOf(`${sent}\n`, seconds()), "x-webhook-timestamp": seconds() };
    const { headers } = await gateway.send("listed", sent, { headers: signed });
    const { stdout } = await eventually(async () => {
      const shown = await cli(`delivery show ${headers.get("x-request-id")}`);
      return shown.code === 0 ? shown : undefined;
    });
    assert.match(stdout, /^expected +sha256=<hex HMAC-SHA-256> of .* in X-Webhook-Signature$/m);
    assert.match(stdout, /^carried +headers\.x-webhook-signature once, headers\.x-webhook-timestamp once$/m);
    assert.match(stdout, /^✘ The signature matches with a line break at the end of the body/m);
    assert.match(stdout, /^✘ authenticate +\d/m);
    assert.match(stdout, /^→ Tell the sender .*\n→ Whether this side is in order: tw-cli webhook test listed\n$/m);
  });

  test("delivery show of a rejected one names each field, and how its bytes are run again", async () => {
    const { headers } = await gateway.send("listed", '{"event_type":5}');
    const id = headers.get("x-request-id");
    const { stdout } = await cli(`delivery show ${id}`);
    assert.match(stdout, /^ +event_type: must be a string$/m);
    assert.match(stdout, /^✘ map /m);
    assert.match(stdout, new RegExp(`^→ Then run its bytes again: tw-cli delivery replay ${id}$`, "m"));
  });

  test("delivery show of a body that is no JSON says where it stops to be one", async () => {
    const { headers } = await gateway.send("listed", '{"event_type":"x",}');
    const { stdout } = await cli(`delivery show ${headers.get("x-request-id")}`);
    assert.match(stdout, /^reason +.*(position|line|column|offset).*$/im);
    assert.match(stdout, /^✘ parse /m);
    assert.match(stdout, /^→ The sender has to mend what it sends/m);
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
