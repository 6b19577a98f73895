/** What a run or a feed says outside, as it is kept in the outbox. */
export interface Message {
  /** The idempotency key: a message of the same one is the same message. */
  readonly id: string;
  readonly channel: string;
  readonly text: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** What is sent, word for word, where that was written when it was posted. */
  readonly body?: string;
  /** Set where it is of a feed of changes: nobody looks for it once it is sent. */
  readonly feed?: true;
}

export const messageStates = ["queued", "sent", "dead"] as const;
export type MessageState = (typeof messageStates)[number];

export interface StoredMessage extends Message {
  readonly incident_id: string;
  readonly state: MessageState;
  readonly created_at: string;
  readonly sent_at: string | null;
  /** Why it was not sent yet, or never will be. */
  readonly reason: string | null;
}
