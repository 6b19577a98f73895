/** Works off what is due: looks again and again, and at once where it is woken. */
export interface LeaseWorker {
  wake(): void;
  /** Finishes what is claimed. */
  close(): Promise<void>;
}

/** Where other processes work. */
export const noLeaseWorker: LeaseWorker = { wake: () => {}, close: () => Promise.resolve() };

export interface Leased<Job> {
  /** How many are worked on at once. */
  readonly most: number;
  /** How often it looks by itself. */
  readonly everyMs: number;
  /** Leases up to so many of what is due. */
  readonly claim: (limit: number) => Promise<readonly Job[]>;
  /** Settles one; where it throws, the lease runs out. */
  readonly work: (job: Job) => Promise<void>;
  /** Told what could not be done. */
  readonly failed: (error: unknown) => void;
}

/** Works off jobs by lease. Nothing waits for a slow one but its own place. */
export function workOff<Job>({ most, everyMs, claim, work, failed }: Leased<Job>): LeaseWorker {
  const underway = new Set<Promise<void>>();
  let running: Promise<void> | undefined;
  let again = false;
  let closed = false;

  async function settle(job: Job): Promise<void> {
    try {
      await work(job);
    } catch (error) {
      failed(error);
    }
  }

  function begin(job: Job): void {
    const settling = settle(job).finally(() => {
      underway.delete(settling);
      // Not for each by itself: a claim costs the store a write.
      if (underway.size <= most / 2) wake();
    });
    underway.add(settling);
  }

  async function drain(): Promise<void> {
    for (;;) {
      again = false;
      const free = most - underway.size;
      const claimed = free > 0 ? await claim(free) : [];
      for (const job of claimed) begin(job);
      // Fewer than were asked for: nothing else is due.
      if (closed || free === 0 || !(again || claimed.length === free)) return;
    }
  }

  function wake(): void {
    again = true;
    if (closed) return;
    running ??= drain()
      .catch(failed)
      .finally(() => {
        running = undefined;
      });
  }

  const polling = setInterval(wake, everyMs);
  polling.unref();
  return {
    wake,
    async close() {
      closed = true;
      clearInterval(polling);
      await running;
      await Promise.all(underway);
    },
  };
}
