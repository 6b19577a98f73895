/** Puts what was changed into the outbox, a message for each channel with a feed, and says so of the incident. */
import type { Logger } from "pino";
import { toDocument } from "../incidents/export/document.ts";
import { type LeaseWorker, workOff } from "../leases.ts";
import type { StoredMessage } from "../runs/message.ts";
import type { Announcement, FeedStore, Unannounced } from "../store/feed-port.ts";
import { type Channel, feedsIn, type Outside } from "./outside.ts";

const pollEveryMs = 500;
const mostAtOnce = 100;

export interface FeedDependencies {
  readonly store: FeedStore;
  readonly outside: () => Outside;
  /** Told that something is in the outbox. */
  readonly onPosted: () => void;
  readonly log: Logger;
  readonly now: () => Date;
}

/**
 * Of several processes that do this at once, each posts the same messages under the same ids. Where no channel has a feed, marks
 * are left to those processes that know of one.
 */
export function startFeed({ store, outside, onPosted, log, now }: FeedDependencies): LeaseWorker {
  let failed = false;

  async function next(): Promise<readonly (readonly Unannounced[])[]> {
    // What could not be posted is still there: it is tried again at the next look, and not at once.
    if (failed || feedsIn(outside()).length === 0) {
      failed = false;
      return [];
    }
    const marked = await store.unannounced(mostAtOnce);
    return marked.length === 0 ? [] : [marked];
  }

  return workOff({
    most: 1,
    everyMs: pollEveryMs,
    claim: next,
    async work(marked) {
      const at = now().toISOString();
      await store.announce(marked.map((each) => announcementOf(each, outside(), at)));
      onPosted();
    },
    failed(error) {
      failed = true;
      log.error({ err: error }, "Feed could not be posted");
    },
  });
}

/** The same incident in the same version makes the same messages: what is sent twice can be told by its id. */
export function announcementOf(marked: Unannounced, outside: Outside, at: string): Announcement {
  const { key, incident } = marked;
  const messages = feedsIn(outside).map(([name, channel]) => messageFor(name, channel, marked, at));
  return { key, version: incident.version, messages };
}

function messageFor(
  name: string,
  { format = "thruway" }: Channel,
  { incident, since }: Unannounced,
  at: string,
): StoredMessage {
  const { number, version, timeline } = incident;
  const id = `${name}:${incident.id}:${version}`;
  const isNew = since === 0;
  const type = isNew ? "incident.created" : "incident.updated";
  const changes = timeline.filter((entry) => entry.version > since);
  const body =
    format === "thruway"
      ? { type, id, timestamp: incident.updated_at, data: { incident, changes } }
      : toDocument(format, incident, { isNew });
  return {
    id,
    channel: name,
    text: `${type} ${number} version ${version}`,
    data: {},
    body: JSON.stringify(body),
    feed: true,
    incident_id: incident.id,
    state: "queued",
    created_at: at,
    sent_at: null,
    reason: null,
  };
}
