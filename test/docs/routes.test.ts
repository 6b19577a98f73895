import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type Router from "@koa/router";
import type joi from "joi";
import { type AppDependencies, createApp } from "../../core/http/app.ts";
import { incidentQuery } from "../../core/http/incident-query.ts";
import { deliveryQuery } from "../../core/http/routes/deliveries.ts";
import { exportQuery } from "../../core/http/routes/incident-export.ts";
import { logQuery } from "../../core/http/routes/logs.ts";
import { examplesOf, type Ids, tryExample } from "../support/examples.ts";
import { aGateway } from "../support/gateway.ts";
import { codeOf, readPage, rowsOf, sectionsOf } from "../support/markdown.ts";
import { anEmptyFolder, missing } from "../support/page.ts";
import { openShell } from "../support/shell.ts";

const page = await readPage("docs/http-api.md");
const route = /^(GET|POST|PUT|PATCH|DELETE|OPTIONS) (\/\S*)$/;

/** The app as it is, of which nothing is called. */
function realRoutes(): readonly string[] {
  const { middleware } = createApp({ store: {}, log: {} } as AppDependencies);
  const routers = middleware.flatMap((each) => ("router" in each ? [each.router as Router] : []));
  const layers = routers.flatMap(({ stack }) => stack);
  return layers.flatMap(({ methods, path }) =>
    methods.filter((method) => method !== "HEAD").map((method) => `${method} ${String(path)}`),
  );
}

/** What the tables under a heading list in their first column. */
function listedUnder(title: string): readonly string[] {
  const section = sectionsOf(page).find((each) => each.title === title);
  assert.ok(section, `there is no "${title}"`);
  return rowsOf(section.text).map(([name = ""]) => codeOf(name)[0] ?? "");
}

/** The fields of the body of the first answer that is shown under a heading. */
function shownUnder(title: string): readonly string[] {
  const [, text = ""] = page.split(`### ${title}\n`);
  const body = examplesOf(text)[0]?.answer?.text.split("\n\n")[1] ?? "";
  return Object.keys(JSON.parse(body));
}

test("every route of the code stands on the page, and no other does", () => {
  const routes = realRoutes();
  assert.ok(routes.length > 10, "the routes of the app were not found");
  const documented = sectionsOf(page).map(({ title }) => title);
  assert.deepEqual(documented.filter((title) => route.test(title)).toSorted(), routes.toSorted());
});

test("every route has an example with its answer", () => {
  for (const part of page.split(/^### /m).slice(1)) {
    const [title = ""] = part.split("\n");
    const examples = examplesOf(part.split(/^## /m)[0] ?? "");
    assert.ok(
      examples.some(({ answer }) => answer !== undefined),
      `${title} has none`,
    );
  }
});

const absent = missing("bash", "curl", "openssl");
const skip = absent.length > 0 && `NOT RUN: this machine has no ${absent.join(", ")}`;

test("every example on the page gets the answer that is shown there", { skip }, async () => {
  await using place = await anEmptyFolder();
  await using gateway = await aGateway({ TW_DATA_DIR: join(place.folder, "data"), TW_LOG_FILES: "4" });
  const shell = openShell(place.folder, place.env);
  const ids: Ids = new Map();
  try {
    await shell.run('curl() { command curl -sS -i --max-time 8 "$@"; }');
    for (const example of examplesOf(page)) await tryExample(example, shell, gateway.url, ids);
  } finally {
    await shell.close();
  }
});

const filters: readonly (readonly [string, joi.Schema])[] = [
  ["GET /api/incidents", incidentQuery],
  ["GET /api/deliveries", deliveryQuery],
  ["GET /api/logs", logQuery],
  ["GET /api/incidents/export", exportQuery],
];
for (const [title, schema] of filters) {
  test(`every filter of ${title} stands on the page, and no other does`, () => {
    const keys = Object.entries<joi.Description>(schema.describe().keys ?? {});
    const taken = keys.filter(([, { flags = {} }]) => !("presence" in flags && flags.presence === "forbidden"));
    assert.deepEqual(listedUnder(title).toSorted(), taken.map(([name]) => name).toSorted());
  });
}

test("the tables of fields have every field of an incident and of a delivery, and no others", () => {
  assert.deepEqual(listedUnder("Incidents").toSorted(), shownUnder("GET /api/incidents/:id").toSorted());
  assert.deepEqual(listedUnder("Deliveries").toSorted(), shownUnder("GET /api/deliveries/:id").toSorted());
});

test("every field of a source is described, here or among the fields that can be set", async () => {
  const settable = rowsOf(await readPage("docs/configuration.md")).map(([name = ""]) => codeOf(name)[0]);
  const described = new Set([...settable, ...listedUnder("Sources")]);
  assert.deepEqual(
    shownUnder("POST /api/webhooks").filter((field) => !described.has(field)),
    [],
  );
});
