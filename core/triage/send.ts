/** Sends what is in the outbox, again and again until it is there, each message under one key. */
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import { type LeaseWorker, workOff } from "../leases.ts";
import type { GuardedSend } from "../outbound/guarded-request.ts";
import { retryDelayMs } from "../retry-delay.ts";
import type { StoredMessage } from "../runs/message.ts";
import type { ClaimedMessage, TriageStore } from "../store/triage-port.ts";
import { writeMessage } from "./message.ts";
import { configured, type Outside } from "./outside.ts";

const pollEveryMs = 500;
/** Of one channel. */
const mostAtOnce = 16;
const mostLanes = 64;
const sendTimeoutMs = 10_000;
/** With the delays below, the last try comes some three hours after the first. */
const mostAttempts = 20;
const longestDelayMs = 900_000;

export interface SenderDependencies {
  readonly store: TriageStore;
  readonly outside: () => Outside;
  readonly send: GuardedSend;
  readonly leaseMs: number;
  readonly log: Logger;
  readonly now: () => Date;
  /** Told of each try. */
  readonly tried: (channel: string, outcome: "sent" | "retry" | "dead") => void;
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
}

/** Each channel has a lane of its own: one that takes its time, or hangs, holds up no other. */
export function startSender(deps: SenderDependencies): LeaseWorker {
  const { store, leaseMs, log, now } = deps;
  const open = new Set<string>();
  let closed = false;

  function failed(error: unknown): void {
    log.error({ err: error }, "Notification could not be settled");
  }

  async function drain(channel: string): Promise<void> {
    open.add(channel);
    try {
      for (;;) {
        if (closed) return;
        const claimed = await store.claimMessages(channel, mostAtOnce, now(), leaseMs);
        if (claimed.length === 0) return;
        await Promise.all(claimed.map((job) => settle(job, deps).catch(failed)));
      }
    } finally {
      open.delete(channel);
    }
  }

  const lanes = workOff({
    most: mostLanes,
    everyMs: pollEveryMs,
    claim: async (limit) => (await store.dueChannels(now())).filter((channel) => !open.has(channel)).slice(0, limit),
    work: drain,
    failed,
  });
  return {
    wake: () => lanes.wake(),
    close() {
      closed = true;
      return lanes.close();
    },
  };
}

async function settle({ message, epoch, attempts }: ClaimedMessage, deps: SenderDependencies): Promise<void> {
  const { store, log, now, random } = deps;
  const fields = { message_id: message.id, channel: message.channel, attempts };
  const failure = await failureOf(message, deps);
  if (failure === undefined) {
    // There is one for every change: what was sent is not kept, and comes back under the same id should this be cut short.
    if (message.feed) await store.removeMessage(message.id, epoch);
    else
      await store.saveMessage({ ...message, state: "sent", sent_at: now().toISOString(), reason: null }, epoch, null);
    deps.tried(message.channel, "sent");
    log.info({ ...fields }, "Notification sent");
    return;
  }
  if (attempts >= mostAttempts) {
    await store.saveMessage({ ...message, state: "dead", reason: failure }, epoch, null);
    deps.tried(message.channel, "dead");
    log.error({ ...fields, reason: failure }, "Notification is given up");
    return;
  }
  const wait = retryDelayMs(attempts, longestDelayMs, random());
  await store.saveMessage({ ...message, reason: failure }, epoch, new Date(now().getTime() + wait));
  deps.tried(message.channel, "retry");
  log.warn({ ...fields, reason: failure }, "Notification will be tried again");
}

/** Why it was not taken; `undefined` where it was. */
async function failureOf(
  message: StoredMessage,
  { outside, send, now }: SenderDependencies,
): Promise<string | undefined> {
  try {
    const channel = configured("channel", outside().channels, message.channel);
    const { headers, body } = writeMessage(message, channel, now());
    const { status } = await send({
      method: "POST",
      url: channel.url,
      headers,
      body,
      signal: AbortSignal.timeout(sendTimeoutMs),
      allowPrivate: channel.allow_private,
    });
    return status >= 200 && status < 300 ? undefined : `it answered ${status}`;
  } catch (error) {
    return messageOf(error);
  }
}
