import type { Delivery, Fetch, Ignored, Reply, Verified } from "@thruway/sdk";
import type { RateLimiterMemory } from "rate-limiter-flexible";
import { ClientGone, type ErrorCode, Refusal } from "../errors.ts";
import type { Plugins } from "../registry/plugins.ts";
import { unknownSource } from "../sources/registration.ts";
import type { Source, Sources } from "../sources/sources.ts";
import { type Arrival, ArrivedDelivery } from "./arrival.ts";
import { authenticate } from "./authenticate.ts";
import { checkFreshness } from "./check-freshness.ts";
import { diagnose } from "./diagnose.ts";
import { handshake } from "./handshake.ts";
import { type Identified, identify } from "./identify.ts";
import type { Journey } from "./journey.ts";
import { limitRate } from "./limit-rate.ts";
import { refusedRecord } from "./record.ts";
import type { RefusalRecorder, Unexplained } from "./refusals.ts";
import { signedHandshake } from "./signed-handshake.ts";

export interface AdmitDependencies {
  readonly sources: Pick<Sources, "find">;
  /** Looks whether another gateway has registered a source that is unknown here. */
  readonly lookAgain: () => Promise<void>;
  readonly plugins: Plugins;
  readonly refusals: RefusalRecorder;
  /** The budget of unauthenticated requests, by address. */
  readonly refusalLimiter: RateLimiterMemory;
  /** Gets what proves a sender, for the schemes that need it. */
  readonly fetch: Fetch;
}

/** A delivery whose sender has proved itself. */
export interface Believed {
  readonly source: Source;
  readonly proof: Verified;
  readonly delivery: Delivery;
  /** Set for a signed ping or challenge, which makes no incident. */
  readonly greeted?: Ignored;
}

/** That, or what a greeting is answered. */
export type Admitted = { readonly reply: Reply; readonly source: string } | Believed;

/**
 * Everything before a sender is believed. What is refused here leaves a line for the operator, but no bytes.
 *
 * @throws {Refusal} with the code that the sender is told
 * @throws {ClientGone} where nobody is left to answer
 */
export async function admit(arrival: Arrival, deps: AdmitDependencies, journey: Journey): Promise<Admitted> {
  let authenticated = false;
  let bytes = 0;
  let judged: Judged | undefined;
  try {
    const body = await journey.run("receive", arrival.receive);
    bytes = body.length;
    const delivery = new ArrivedDelivery(arrival, body);
    if (deps.sources.find(arrival.sourceName) === undefined) await deps.lookAgain();
    const identified = journey.run("identify", () =>
      identify(arrival.sourceName, deps.sources.find.bind(deps.sources)),
    );
    judged = { delivery, identified };
    const reply = journey.run("handshake", () => handshake(delivery, identified));
    if (reply !== undefined) return { reply, source: knownName(arrival, deps) };
    const authenticating = journey.run("authenticate", () =>
      authenticate(delivery, identified, arrival.sourceName, deps.fetch),
    );
    // Only a scheme that fetches is waited for.
    const admitted = authenticating instanceof Promise ? await authenticating : authenticating;
    journey.run("check_freshness", () => checkFreshness(admitted, arrival.receivedAt));
    authenticated = true;
    const { limiter } = admitted.source;
    if (limiter !== undefined) await journey.run("limit_rate", () => limitRate(limiter, admitted.source.name));
    if (admitted.source.handshake.after === undefined) return { ...admitted, delivery };
    const greeting = journey.run("signed_handshake", () => signedHandshake(delivery, admitted.source, deps.fetch));
    const greeted = greeting instanceof Promise ? await greeting : greeting;
    if (greeted === undefined) return { ...admitted, delivery };
    return "ignored" in greeted ? { ...admitted, delivery, greeted } : { reply: greeted, source: admitted.source.name };
  } catch (error) {
    if (error instanceof ClientGone || !(error instanceof Refusal)) throw error;
    // A flood of refusals spends the budget of its own address; a good delivery from there never comes to this line.
    if (!authenticated) await limitRate(deps.refusalLimiter, arrival.address);
    arrival.trace?.keep();
    const record = refusedRecord(arrival, error, { bytes, journey, source: knownName(arrival, deps) });
    deps.refusals.add(record, judged && unexplained(judged, error.code, arrival.sourceName, deps.plugins));
    throw error;
  }
}

interface Judged {
  readonly delivery: Delivery;
  readonly identified: Identified;
}

/** What the signature or its time is to blame for, and what may be: a name that is not registered is treated alike. */
const diagnosable = new Set<ErrorCode>([
  "invalid_signature",
  "invalid_timestamp",
  "timestamp_expired",
  "unknown_source",
]);

function unexplained(
  { delivery, identified }: Judged,
  code: ErrorCode,
  name: string,
  plugins: Plugins,
): Unexplained | undefined {
  if (!diagnosable.has(code)) return undefined;
  const { scheme, credentials } = identified.source;
  const toleranceSeconds = identified.known ? identified.source.toleranceSeconds : null;
  return {
    name,
    async diagnose() {
      const diagnosis = await diagnose({ delivery, name, scheme, credentials, toleranceSeconds }, plugins);
      return identified.known ? diagnosis : null;
    },
  };
}

/** As logs and metrics may say it: a name that is not registered is anybody's invention. */
export function knownName(arrival: Pick<Arrival, "sourceName">, deps: Pick<AdmitDependencies, "sources">): string {
  return deps.sources.find(arrival.sourceName)?.name ?? unknownSource;
}
