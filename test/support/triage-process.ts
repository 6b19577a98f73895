/**
 * A worker of triage as a process that ends itself, without any farewell, before one of the writes that it makes; without a
 * number it works until everything is settled.
 *
 * `node triage-process.ts <store> <channel> [before which write]`
 */
import { createOutput } from "../../core/cli/output.ts";
import { guardedSend } from "../../core/outbound/guarded-request.ts";
import { openStore } from "../../core/store/open.ts";
import type { TriageStore } from "../../core/store/triage-port.ts";
import { createLog } from "../../core/telemetry/log.ts";
import { untraced } from "../../core/trace.ts";
import { actionsOf } from "../../core/triage/actions/index.ts";
import { libraryOf } from "../../core/triage/library.ts";
import { startSender } from "../../core/triage/send.ts";
import { incidentsOf, portsFor } from "../../core/triage/store-ports.ts";
import { startTriage } from "../../core/triage/work.ts";
import { mortal } from "./mortal.ts";
import { sixSteps } from "./six-steps.ts";

const [, , url = "", channel = "", last = "0"] = process.argv;
const out = createOutput(process.stdout, process.stderr);
const opened = await openStore(url);
const leaseMs = 600;
const { counted, writes } = mortal(Number(last));

const { triage } = opened;
const store: TriageStore = {
  ...triage,
  save: (run, epoch, due) => counted(() => triage.save(run, epoch, due)),
  post: (message) => counted(() => triage.post(message)),
  saveMessage: (message, epoch, due) => counted(() => triage.saveMessage(message, epoch, due)),
};
const actions = actionsOf([]);
const library = libraryOf([{ file: "six.yaml", text: sixSteps, origin: "folder" }], actions);
const log = createLog({ logLevel: "silent", dataDir: "", logFileMaxBytes: 1, logFiles: 0 }).triage;
const now = (): Date => new Date();
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const outside = () =>
  ({
    services: {},
    channels: { soc: { kind: "webhook", url: channel, secret, allow_private: true } },
  }) as const;
const incidents = incidentsOf(opened.incidents);
const services = { check: () => {}, ask: () => Promise.reject(new Error("there is none")) };
const given = {
  incidents,
  list: opened.incidents,
  triage: store,
  lists: { get: () => undefined },
  services,
  outside,
  now,
};
const sender = startSender({
  ...{ store, outside, send: guardedSend(), leaseMs, log, now },
  tried: () => {},
  random: () => 0,
});
const worker = startTriage({
  store,
  deliveries: opened.deliveries,
  portsFor: (run) => portsFor(run, { ...given, onPosted: () => sender.wake() }),
  library: () => library,
  refresh: () => Promise.resolve(),
  actions,
  leaseMs,
  log,
  now,
  clock: () => performance.now(),
  tracing: untraced,
  triaged: () => {},
});
worker.wake();

for (;;) {
  const { data } = await opened.incidents.list({ limit: 1, includeTests: true });
  const id = data[0]?.id ?? "";
  const [run] = await triage.runsOf(id);
  const messages = await triage.messagesOf(id);
  if (run?.ended_at && messages.every(({ state }) => state === "sent")) break;
  await new Promise((resolve) => {
    setTimeout(resolve, 20);
  });
}
await worker.close();
await sender.close();
await opened.close();
out.json({ writes: writes() });
