/** What becomes of an export whose store or whose reader leaves: against the app, with a store that does what a test says. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import pino from "pino";
import { newToken, tokenRecord } from "../../core/access/api-token.ts";
import { StoreError } from "../../core/errors.ts";
import { type AppDependencies, createApp } from "../../core/http/app.ts";
import type { Incident } from "../../core/incidents/incident.ts";
import type { IncidentQuery, Page } from "../../core/store/ports.ts";
import { topics } from "../../core/telemetry/log.ts";
import { anIncident } from "../support/an-incident.ts";
import { eventually } from "../support/eventually.ts";

const token = newToken();
const page = Array.from({ length: 200 }, (_, index) =>
  anIncident({ number: `INC-2026-${index}`, description: "x".repeat(2_000) }),
);

interface App extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** How many pages were asked for. */
  readonly pages: () => number;
  readonly log: readonly {
    readonly msg: string;
    readonly level: number;
    readonly err?: { readonly message: string };
  }[];
}

/** @param list answers for the page of this number, from 1 on */
async function anApp(list: (page: number, query: IncidentQuery) => Promise<Page<Incident>>): Promise<App> {
  let pages = 0;
  const log: ReturnType<typeof JSON.parse>[] = [];
  const logger = pino({}, { write: (line: string) => void log.push(JSON.parse(line)) });
  const app = createApp({
    store: {
      tokens: { get: () => Promise.resolve(tokenRecord(token, "test", new Date())) },
      incidents: {
        list: (query: IncidentQuery) => {
          pages += 1;
          return list(pages, query);
        },
      },
    },
    log: Object.fromEntries(topics.map((topic) => [topic, logger])),
    now: () => new Date(),
    isStopping: () => false,
  } as unknown as AppDependencies);
  const handle = app.callback();
  const server = createServer((request, response) => void handle(request, response)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api/incidents/export?format=jsonl`,
    port,
    pages: () => pages,
    log,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

const endless = (number: number): Promise<Page<Incident>> => Promise.resolve({ data: page, next: String(number) });
const headers = { authorization: `Bearer ${token}` };

test("a store that is away is told by the answer", async () => {
  await using app = await anApp(() => Promise.reject(new StoreError("the database is away")));
  const response = await fetch(app.url, { headers });
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "5");
  assert.equal(((await response.json()) as { error: { code: string } }).error.code, "store_unavailable");
});

test("a store that fails midway ends the connection before its time, and the log says why", async () => {
  await using app = await anApp((number) =>
    number > 3 ? Promise.reject(new StoreError("the database is away")) : endless(number),
  );
  const response = await fetch(app.url, { headers });
  assert.equal(response.status, 200);
  await assert.rejects(response.text(), /terminated/);
  const line = await eventually(() => Promise.resolve(app.log.find(({ level }) => level >= 50)));
  assert.equal(line.msg, "Request failed");
  assert.equal(line.err?.message, "the database is away");
});

test("a reader that does not read holds the store up, and one that leaves ends it", async () => {
  await using app = await anApp(endless);
  const socket = connect(app.port, "127.0.0.1").pause();
  socket.write(`GET /api/incidents/export?format=jsonl HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${token}\r\n\r\n`);
  // What fits into the buffers of both ends is some megabytes; a page is half of one.
  let before = -1;
  const stalled = await eventually(async () => {
    await pause(100);
    const now = app.pages();
    const isStill = now > 0 && now === before;
    before = now;
    return isStill ? now : undefined;
  });
  assert.ok(stalled < 100, `${stalled} pages`);
  socket.destroy();
  await pause(200);
  const left = app.pages();
  await pause(200);
  assert.equal(app.pages(), left);
  assert.ok(left <= stalled + 2);
  assert.deepEqual(
    app.log.filter(({ level }) => level >= 50),
    [],
  );
});

test("a reader that leaves in the middle ends it without a word in the log", async () => {
  await using app = await anApp(endless);
  const leaving = new AbortController();
  const response = await fetch(app.url, { headers, signal: leaving.signal });
  const reader = response.body?.getReader();
  await reader?.read();
  leaving.abort();
  await eventually(async () => {
    const now = app.pages();
    await pause(100);
    return app.pages() === now ? true : undefined;
  });
  assert.deepEqual(
    app.log.filter(({ level }) => level >= 50),
    [],
  );
});
