import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { WholeIncident } from "../../../../core/incidents/incident.ts";
import type { Announcement, FeedStore } from "../../../../core/store/feed-port.ts";
import { createLog } from "../../../../core/telemetry/log.ts";
import { announcementOf, startFeed } from "../../../../core/triage/feed.ts";
import { noOutside, type Outside, readOutside } from "../../../../core/triage/outside.ts";
import { anIncident } from "../../../support/an-incident.ts";
import { eventually } from "../../../support/eventually.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const url = "https://siem.example/hook";
const noon = "2026-01-15T12:00:00.000Z";

function outsideOf(channels: Readonly<Record<string, object>>): Outside {
  const read = readOutside({ channels });
  assert.ok("value" in read, JSON.stringify(read));
  return read.value;
}

const siem = outsideOf({ siem: { url, secret, feed: true }, soc: { url, secret } });

function anEntry(version: number): WholeIncident["timeline"][number] {
  return { at: noon, by: "analyst:jane", why: null, version, changes: [], comment: `comment ${version}` };
}

const incident = { ...anIncident({ version: 4 }), timeline: [2, 3, 4].map(anEntry) };
const marked = { key: "k", incident, since: 2 };

test("a feed's message has the incident whole, and what was done since the last one", () => {
  const { key, version, messages } = announcementOf(marked, siem, noon);
  assert.deepEqual([key, version, messages.length], ["k", 4, 1]);
  const [message] = messages;
  assert.deepEqual([message?.channel, message?.id], ["siem", `siem:${incident.id}:4`]);
  assert.deepEqual(JSON.parse(message?.body ?? ""), {
    type: "incident.updated",
    id: `siem:${incident.id}:4`,
    timestamp: incident.updated_at,
    data: { incident, changes: [anEntry(3), anEntry(4)] },
  });
});

test("what is made twice of one version is the same, whenever it is made", () => {
  const later = "2026-01-15T13:00:00.000Z";
  const [one, other] = [noon, later].map((at) => announcementOf(marked, siem, at).messages[0]);
  assert.deepEqual([one?.id, one?.body], [other?.id, other?.body]);
});

test("an incident that is new to its subscribers is created, whatever has become of it already", () => {
  const feeds = outsideOf({
    a: { url, secret, feed: true },
    b: { url, secret, feed: true, format: "ocsf" },
  });
  const changed = { ...incident, updated_at: "2026-01-15T12:00:01.000Z" };
  const bodies = (since: number, given = changed): readonly unknown[] =>
    announcementOf({ key: "k", incident: given, since }, feeds, noon).messages.map(({ body = "" }) => {
      const { type, activity_name: activity } = JSON.parse(body);
      return type ?? activity;
    });
  assert.deepEqual(bodies(0), ["incident.created", "Create"]);
  assert.deepEqual(bodies(1), ["incident.updated", "Update"]);
  assert.deepEqual(bodies(3, { ...changed, status: "closed" }), ["incident.updated", "Close"]);
});

interface Asked {
  readonly store: FeedStore;
  readonly announced: Announcement[];
  asked: number;
}

/** A store with one mark, which fails so many times before it takes an announcement. */
function aStore(failures = 0): Asked {
  let left = failures;
  let isMarked = true;
  const all: Asked = {
    asked: 0,
    announced: [],
    store: {
      follow: () => Promise.resolve(),
      unannounced() {
        all.asked += 1;
        return Promise.resolve(isMarked ? [marked] : []);
      },
      announce(given) {
        if (left-- > 0) return Promise.reject(new Error("the disk is full"));
        isMarked = false;
        all.announced.push(...given);
        return Promise.resolve();
      },
    },
  };
  return all;
}

function start(store: FeedStore, outside: Outside): ReturnType<typeof startFeed> {
  const log = createLog({ logLevel: "silent", dataDir: "", logFileMaxBytes: 1, logFiles: 0 }).triage;
  return startFeed({ store, outside: () => outside, onPosted: () => {}, log, now: () => new Date(noon) });
}

test("marks are left alone where no channel has a feed: another gateway may know of one", async () => {
  const { store, announced } = aStore();
  const feed = start(store, noOutside);
  feed.wake();
  await feed.close();
  assert.deepEqual(announced, []);
});

test("what cannot be posted is tried again, and not without a pause", async () => {
  const all = aStore(2);
  const feed = start(all.store, siem);
  feed.wake();
  await pause(200);
  assert.equal(all.asked, 1);
  await eventually(() => Promise.resolve(all.announced.length > 0 || undefined));
  await feed.close();
  assert.equal(all.announced.length, 1);
});
