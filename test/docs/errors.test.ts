import assert from "node:assert/strict";
import { test } from "node:test";
import { errorTable } from "../../core/errors.ts";
import { aGateway, testSecret } from "../support/gateway.ts";
import { blocksOf, codeOf, readPage, rowsOf, sectionsOf } from "../support/markdown.ts";

const page = await readPage("docs/errors.md");

test("the table of the page is the table of the code: every error with its status", () => {
  const documented = rowsOf(page).map(([code = "", status]) => [codeOf(code)[0], Number(status)]);
  const real = Object.entries(errorTable).map(([code, { status }]) => [code, status]);
  assert.deepEqual(Object.fromEntries(documented), Object.fromEntries(real));
});

test("every error has an entry that says something, in the order of the table", () => {
  const listed = rowsOf(page).map(([code = ""]) => codeOf(code)[0]);
  const entries = sectionsOf(page).filter(({ title }) => /^[a-z_]+$/.test(title));
  assert.deepEqual(
    entries.map(({ title }) => title),
    listed,
  );
  for (const { title, text } of entries) assert.match(text.trim(), /\w.*\.$/s, `${title} says nothing`);
});

test("the envelope on the page is the one that a gateway sends", async () => {
  await using gateway = await aGateway();
  await gateway.api("POST", "/api/webhooks", { source: "email-gateway", secret: testSecret });
  const headers = { "x-webhook-timestamp": String(Date.now()) };
  const { body } = await gateway.send("email-gateway", '{"event_type":"test"}', { headers });
  const shown = JSON.parse(blocksOf(page)[0]?.text ?? "");
  assert.deepEqual({ error: { ...shown.error, request_id: body.error.request_id } }, body);
});
