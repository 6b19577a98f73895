import { type SharedWrite, type Trace, type TraceContext, traceparentOf } from "../trace.ts";
import { randomHex } from "./span-ids.ts";

/** A shared write, until everything is known of those that shared it. */
export interface Write extends SharedWrite {
  readonly traceId: string;
  readonly spanId: string;
  readonly startedAt: number;
  left: number;
  readonly links: Pick<TraceContext, "traceId" | "spanId">[];
}

/** Where a trace begins, or goes on from. */
export interface Origin {
  readonly traceId: string;
  readonly spanId: string;
  readonly kept: boolean;
  readonly startedAt: number;
  readonly parent: TraceContext | undefined;
  readonly link: TraceContext | undefined;
  /** Whether it goes on with a trace of ours. */
  readonly isPart: boolean;
}

/** What decides beside the sampler whether a trace is kept. */
export interface Keeping {
  readonly clock: () => number;
  readonly mayKeep: () => boolean;
  readonly isSlow: (since: number) => boolean;
}

const none: readonly Write[] = [];

/** A trace, until what became of its delivery is known. */
export class LiveTrace implements Trace {
  readonly traceId: string;
  readonly spanId: string;
  readonly startedAt: number;
  readonly link: TraceContext | undefined;
  writes: readonly Write[] = none;
  readonly #since: number;
  readonly #parent: TraceContext | undefined;
  readonly #isPart: boolean;
  readonly #keeping: Keeping;
  #kept: boolean;
  #asked = false;

  constructor(origin: Partial<Origin> & Pick<Origin, "traceId" | "kept" | "startedAt">, keeping: Keeping) {
    this.traceId = origin.traceId;
    this.spanId = origin.spanId ?? randomHex(8);
    this.startedAt = origin.startedAt;
    this.link = origin.link;
    this.#parent = origin.parent;
    this.#isPart = origin.isPart ?? false;
    this.#kept = origin.kept;
    this.#keeping = keeping;
    this.#since = keeping.clock();
  }

  get kept(): boolean {
    return this.#kept;
  }

  get place(): Pick<TraceContext, "traceId" | "spanId"> {
    return { traceId: this.traceId, spanId: this.spanId };
  }

  /** What is kept for its own sake, in a trace whose beginning was not, is a part of nothing that anybody could find. */
  get parent(): string | undefined {
    return this.#parent?.sampled ? this.#parent.spanId : undefined;
  }

  keep(): void {
    if (this.#kept || this.#asked) return;
    this.#asked = true;
    this.#kept = this.#keeping.mayKeep();
  }

  traceparent(): string {
    if (this.#keeping.isSlow(this.#since)) this.keep();
    // All that a delivery leads to later stands side by side.
    if (this.#isPart && this.#parent?.sampled) return traceparentOf(this.#parent);
    return traceparentOf({ ...this.place, sampled: this.#kept });
  }
}
