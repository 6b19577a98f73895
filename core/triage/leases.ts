const pollEveryMs = 500;

/** Works off what is due: looks again and again, and at once where it is woken. */
export interface LeaseWorker {
  wake(): void;
  /** Finishes what is claimed. */
  close(): Promise<void>;
}

/** Where other processes work. */
export const noLeaseWorker: LeaseWorker = { wake: () => {}, close: () => Promise.resolve() };

/**
 * @param claim leases some of what is due
 * @param work settles one; where it throws, the lease runs out
 * @param failed is told what could not be done
 */
export function workOff<Job>(
  claim: () => Promise<readonly Job[]>,
  work: (job: Job) => Promise<void>,
  failed: (error: unknown) => void,
): LeaseWorker {
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

  async function drain(): Promise<void> {
    for (;;) {
      again = false;
      const claimed = await claim();
      await Promise.all(claimed.map(settle));
      if (closed || !(again || claimed.length > 0)) return;
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

  const polling = setInterval(wake, pollEveryMs);
  polling.unref();
  return {
    wake,
    async close() {
      closed = true;
      clearInterval(polling);
      await running;
    },
  };
}
