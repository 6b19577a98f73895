import { type Group, type IncidentDraft, testTag } from "../../incidents/incident.ts";
import type { Commit, CommitResult, NewDelivery, RefusedDelivery } from "../ports.ts";

/**
 * Commits on their way to the writing thread: JSON is written before, and all bytes of a batch travel in one buffer that
 * changes hands, since copying nested objects and many small buffers between threads costs more than storing them.
 */
export interface PackedBatch {
  readonly commits: readonly PackedCommit[];
  readonly bodies: Uint8Array<ArrayBuffer>;
}

export interface PackedCommit extends PackedDelivery {
  readonly key: string;
  readonly bodyFrom: number;
  readonly bodyTo: number;
  readonly drafts: readonly PackedDraft[];
  readonly epoch: number | undefined;
  /** When a queued one was settled, in milliseconds since 1970. */
  readonly settledAt: number | null;
}

export interface PackedDelivery {
  readonly id: string;
  readonly source: string;
  readonly outcome: NewDelivery["outcome"];
  readonly code: string | null;
  /** Everything that is shown and has no column of its own, as JSON. */
  readonly record: string;
}

export interface PackedDraft {
  readonly id: string;
  readonly year: number;
  readonly source: string;
  readonly external_id: string | null;
  readonly type: string;
  readonly severity: string;
  readonly status: string;
  readonly test: number;
  /** Of its group, where it has one. */
  readonly group: Group | undefined;
  readonly json: string;
  /** What it says of its triage, as JSON. */
  readonly triage: string | null;
}

/** What becomes of one commit of a batch. */
export type PackedResult = CommitResult | { readonly kind: "failed"; readonly message: string };

/** One commit, before it is known which batch it travels in. */
export interface Packed {
  readonly commit: Omit<PackedCommit, "bodyFrom" | "bodyTo">;
  readonly body: Uint8Array;
}

/** @throws where something in it cannot be written as JSON; nobody else's commit suffers then */
export function packCommit({ delivery, drafts, claim }: Commit): Packed {
  const { key, body, ...record } = delivery;
  const settledAt = claim?.at.getTime() ?? null;
  return {
    body,
    commit: { ...packDelivery(record), key, drafts: drafts.map(packDraft), epoch: claim?.epoch, settledAt },
  };
}

export function packBatch(batch: readonly Packed[]): PackedBatch {
  const bodies = new Uint8Array(batch.reduce((sum, { body }) => sum + body.length, 0));
  let bodyTo = 0;
  const commits = batch.map(({ commit, body }): PackedCommit => {
    const bodyFrom = bodyTo;
    bodies.set(body, bodyFrom);
    bodyTo += body.length;
    return { ...commit, bodyFrom, bodyTo };
  });
  return { commits, bodies };
}

export function packDelivery(delivery: RefusedDelivery): PackedDelivery {
  const { id, source, outcome, code } = delivery;
  return { id, source, outcome, code, record: JSON.stringify(delivery) };
}

export function packDraft({ triage, ...draft }: IncidentDraft): PackedDraft {
  const { id, source, external_id, type, severity, status, group } = draft;
  const year = Number(draft.created_at.slice(0, 4));
  const test = draft.tags.includes(testTag) ? 1 : 0;
  const packed = { id, year, source, external_id, type, severity, status, test, group };
  return { ...packed, json: JSON.stringify(draft), triage: packTriage(triage) };
}

function packTriage(triage: IncidentDraft["triage"]): string | null {
  return triage === undefined ? null : JSON.stringify(triage);
}
