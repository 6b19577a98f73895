import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { aGateway, testSecret } from "../support/gateway.ts";
import { blocksOf, readPage } from "../support/markdown.ts";
import { aCheckout, checkCode, missing, walkThrough } from "../support/page.ts";

const absent = missing("bash", "npm", "curl", "openssl");
const skip = absent.length > 0 && `NOT RUN: this machine has no ${absent.join(", ")}`;
const install = "npm ci && ";

test("README's commands, run by a newcomer in a fresh copy, print what it shows (npm ci is NOT RUN, its result is linked)", {
  skip,
}, async (t) => {
  await using checkout = await aCheckout();
  let skipped = 0;
  const rewrite = (command: string): string => {
    if (!command.startsWith(install)) return command;
    skipped++;
    t.diagnostic('NOT RUN: "npm ci" of the first command; the copy has the node_modules of this checkout');
    return command.slice(install.length);
  };
  await walkThrough("README.md", checkout, { rewrite });
  assert.equal(skipped, 1, "npm ci is the one command that is not run");
});

test("README's plugin, listed in plugins.json, takes events", async () => {
  await using checkout = await aCheckout();
  const [block] = blocksOf(await readPage("README.md")).filter(({ language }) => language === "ts");
  const folder = join(checkout.folder, "plugins/honeypot");
  await mkdir(folder);
  await writeFile(join(folder, "index.ts"), block?.text ?? "");
  await checkCode(checkout.folder, "plugins/honeypot");
  const list = join(checkout.folder, "plugins.json");
  const listed: readonly string[] = JSON.parse(await readFile(list, "utf8"));
  await writeFile(list, JSON.stringify([...listed, "./plugins/honeypot/index.ts"]));

  await using gateway = await aGateway({ TW_PLUGINS: list });
  await gateway.api("POST", "/api/webhooks", { source: "traps", secret: testSecret });
  const sent = await gateway.send("traps", JSON.stringify({ trap: "ssh-03", ip: "203.0.113.7" }));
  const { body: incident } = await gateway.api("GET", `/api/incidents/${sent.body.incident_number}`);
  assert.equal(incident.plugin, "honeypot");
  assert.equal(incident.title, "203.0.113.7 touched ssh-03");
  assert.equal(incident.severity, "high");
});

test("README's first screen has a sentence, a command, its result and a plugin, in that order", async () => {
  const [first = ""] = (await readPage("README.md")).split(/^## /m);
  assert.ok(first.split("\n").length <= 50, "it is longer than a screen");
  assert.deepEqual(
    blocksOf(first).map(({ language }) => language),
    ["bash", "console", "ts"],
  );
});

test("README's test command is the one that CI runs", async () => {
  const [, command = ""] = /`(npm [^`]+)` runs every check and test/.exec(await readPage("README.md")) ?? [];
  assert.match(await readPage(".ci/run"), new RegExp(`^${command}$`, "m"));
});
