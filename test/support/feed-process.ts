/**
 * What announces and sends a feed, as a process that ends itself, without any farewell, before one of the writes that it makes;
 * without a number it works until nothing is left to do.
 *
 * `node feed-process.ts <store> <channel> [before which write]`
 */
import { createOutput } from "../../core/cli/output.ts";
import { guardedSend } from "../../core/outbound/guarded-request.ts";
import { openStore } from "../../core/store/open.ts";
import { createLog } from "../../core/telemetry/log.ts";
import { startFeed } from "../../core/triage/feed.ts";
import { startSender } from "../../core/triage/send.ts";
import { mortal } from "./mortal.ts";

const [, , url = "", channel = "", last = "0"] = process.argv;
const out = createOutput(process.stdout, process.stderr);
const opened = await openStore(url);
const leaseMs = 600;
const { counted, writes } = mortal(Number(last));

const { triage, feed } = opened;
const log = createLog({ logLevel: "silent", dataDir: "", logFileMaxBytes: 1, logFiles: 0 }).triage;
const now = (): Date => new Date();
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const outside = () =>
  ({
    services: {},
    channels: { siem: { kind: "webhook", url: channel, secret, allow_private: true, feed: true } },
  }) as const;
const sender = startSender({
  store: {
    ...triage,
    saveMessage: (message, epoch, due) => counted(() => triage.saveMessage(message, epoch, due)),
    removeMessage: (id, epoch) => counted(() => triage.removeMessage(id, epoch)),
  },
  outside,
  send: guardedSend(),
  leaseMs,
  log,
  now,
  tried: () => {},
  random: () => 0,
});
const announcer = startFeed({
  store: { ...feed, announce: (all) => counted(() => feed.announce(all)) },
  outside,
  onPosted: () => sender.wake(),
  log,
  now,
});
announcer.wake();

for (;;) {
  const { data } = await opened.incidents.list({ limit: 10, includeTests: true });
  const left = await Promise.all(data.map(({ id }) => triage.messagesOf(id)));
  if (left.flat().length === 0 && (await feed.unannounced(1)).length === 0) break;
  await new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
}
await announcer.close();
await sender.close();
await opened.close();
out.json({ writes: writes() });
