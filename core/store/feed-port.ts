/** What a feed of changes asks of a store: which incidents are to be announced, and that none is forgotten. */
import type { WholeIncident } from "../incidents/incident.ts";
import type { StoredMessage } from "../runs/message.ts";

/** An incident whose last changes nobody was told of yet. */
export interface Unannounced {
  /** What the store knows it by. */
  readonly key: string;
  readonly incident: WholeIncident;
  /** The version that its subscribers know; 0 where they do not know it. */
  readonly since: number;
}

/** What is said of an incident as of a version. */
export interface Announcement {
  readonly key: string;
  readonly version: number;
  readonly messages: readonly StoredMessage[];
}

export interface FeedStore {
  /**
   * Whether incidents that are made or changed through this store from now on are marked as to be announced, in the write that
   * makes or changes them. None is before it is told.
   */
  follow(on: boolean): Promise<void>;
  /** Incidents that are marked, those that have waited longest first. */
  unannounced(limit: number): Promise<readonly Unannounced[]>;
  /**
   * Puts messages into the outbox, as `post` does, and then takes the marks away. Where an incident was changed meanwhile, its
   * mark stays, and says that it is known as of that version.
   */
  announce(all: readonly Announcement[]): Promise<void>;
}
