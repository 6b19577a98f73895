/** Sends what is in the outbox, again and again until it is there, each message under one key. */
import type { Logger } from "pino";
import { messageOf } from "../errors.ts";
import type { GuardedSend } from "../outbound/guarded-request.ts";
import type { StoredMessage } from "../runs/message.ts";
import type { ClaimedMessage, TriageStore } from "../store/triage-port.ts";
import { type LeaseWorker, workOff } from "./leases.ts";
import { writeMessage } from "./message.ts";
import type { Outside } from "./outside.ts";

const mostAtOnce = 16;
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
  /** 0 to 1; spreads retries. */
  readonly random: () => number;
}

export function startSender(deps: SenderDependencies): LeaseWorker {
  return workOff(
    () => deps.store.claimMessages(mostAtOnce, deps.now(), deps.leaseMs),
    (job) => settle(job, deps),
    (error) => deps.log.error({ err: error }, "Notification could not be settled"),
  );
}

async function settle({ message, epoch, attempts }: ClaimedMessage, deps: SenderDependencies): Promise<void> {
  const { store, log, now, random } = deps;
  const fields = { message_id: message.id, channel: message.channel, attempts };
  const failure = await failureOf(message, deps);
  if (failure === undefined) {
    await store.saveMessage({ ...message, state: "sent", sent_at: now().toISOString(), reason: null }, epoch, null);
    log.info({ ...fields }, "Notification sent");
    return;
  }
  if (attempts >= mostAttempts) {
    await store.saveMessage({ ...message, state: "dead", reason: failure }, epoch, null);
    log.error({ ...fields, reason: failure }, "Notification is given up");
    return;
  }
  const wait = Math.min(longestDelayMs, 1_000 * 2 ** (attempts - 1)) * (1 - random() / 2);
  await store.saveMessage({ ...message, reason: failure }, epoch, new Date(now().getTime() + wait));
  log.warn({ ...fields, reason: failure }, "Notification will be tried again");
}

/** Why it was not taken; `undefined` where it was. */
async function failureOf(
  message: StoredMessage,
  { outside, send, now }: SenderDependencies,
): Promise<string | undefined> {
  const { channels } = outside();
  const channel = Object.hasOwn(channels, message.channel) ? channels[message.channel] : undefined;
  if (channel === undefined) return `there is no channel "${message.channel}" in the configuration file`;
  try {
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
