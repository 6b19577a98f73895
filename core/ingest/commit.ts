import { Refusal } from "../errors.ts";
import type { Commit, CommitResult, CommitStore } from "../store/ports.ts";

const retryAfterSeconds = 5;

/**
 * Makes everything about a delivery durable at once. When this returns, it is on disk; only then may a sender be told so.
 *
 * @throws {Refusal} store_unavailable: nothing is known to be safe, the sender must send it again
 */
export async function commit(work: Commit, commits: CommitStore): Promise<CommitResult> {
  try {
    return await commits.commit(work);
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw new Refusal("store_unavailable", { retryAfterSeconds, cause });
  }
}
