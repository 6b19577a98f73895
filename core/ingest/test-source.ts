import { canSign, defaultToleranceSeconds, type ImmediateScheme } from "@thruway/sdk";
import { type ErrorCode, messageOf, Refusal } from "../errors.ts";
import type { IncidentRef } from "../incidents/incident.ts";
import type { HttpPost, Posted } from "../outbound/http-post.ts";
import type { Source } from "../sources/sources.ts";
import type { StageTime } from "../store/ports.ts";
import type { Arrival } from "./arrival.ts";
import { type IngestDependencies, type Ingested, ingest } from "./ingest.ts";
import { type Journey, rounded, startJourney } from "./journey.ts";
import { type TestMarks, testMarkHeader } from "./test-mark.ts";

/** What a test event met on its way. */
export interface SourceTest {
  readonly source: string;
  readonly ok: boolean;
  /** Where it was sent. */
  readonly url: string;
  /** Of the HTTP answer; absent where there was none. */
  readonly status?: number;
  readonly delivery_id?: string;
  /** Until there was a connection, and until the answer was there. */
  readonly connect_ms?: number;
  readonly answer_ms?: number;
  readonly stages: readonly StageTime[];
  readonly incident?: Partial<IncidentRef>;
  /** What the test could not try. */
  readonly note?: string;
  readonly error?: { readonly code: ErrorCode | "unreachable"; readonly message: string };
}

export interface SourceTester {
  /**
   * Sends a source a test event, signed with its secret, to its real endpoint, as a sender would. What it makes is tagged `test`.
   *
   * @param gateway where this gateway listens: `http://127.0.0.1:8080`
   * @throws {Refusal} unknown_source
   */
  send(name: string, gateway: string): Promise<SourceTest>;
  /** Takes such an event in, where this is one. The journey tells its stages, whatever becomes of it. */
  receive(arrival: Arrival): { readonly ingested: Promise<Ingested>; readonly journey: Journey } | undefined;
}

/** The stages of a test, in its answer. */
export const stagesHeader = "x-thruway-stages";

/** The body of the text's own test; what a source with `plugin: auto` is tested with. */
const testEvent = { event_type: "test", data: {} };

export interface SourceTesterDependencies extends IngestDependencies {
  readonly find: (name: string) => Source | undefined;
  /** Resolves once what is stored of the sources is known here. */
  readonly refreshSources: () => Promise<void>;
  readonly marks: TestMarks;
  readonly post: HttpPost;
}

export function sourceTester(deps: SourceTesterDependencies): SourceTester {
  const { find, marks, post } = deps;
  return {
    async send(name, gateway) {
      const source = find(name);
      if (source === undefined) {
        throw new Refusal("unknown_source", { message: `Webhook source '${name}' is not registered` });
      }
      const [secret] = source.credentials.secrets;
      const signs = canSign(source.scheme, secret);
      const scheme = signs ? source.scheme : vouchedFor(source);
      const body = Buffer.from(JSON.stringify(source.plugin?.example ?? testEvent));
      const signed = scheme.sign({ url: `/api/webhooks/${name}`, body }, secret, deps.now());
      const headers = {
        "content-type": "application/json",
        "user-agent": "thruway-test",
        ...signed.headers,
        [testMarkHeader]: marks.make(name, { vouched: !signs }),
      };
      // Without the token that some senders have in their address.
      const test = { source: name, url: `${gateway}/api/webhooks/${name}`, ...(!signs && { note: onlyTheSender }) };
      try {
        return { ...test, ...outcomeOf(await post(`${gateway}${signed.url}`, headers, body)) };
      } catch (error) {
        const message = `The gateway does not answer at its own address: ${messageOf(error)}`;
        return { ...test, ok: false, stages: [], error: { code: "unreachable", message } };
      }
    },
    receive(arrival) {
      const [value, ...others] = arrival.headers[testMarkHeader] ?? [];
      const mark = value === undefined || others.length > 0 ? undefined : marks.read(arrival.sourceName, value);
      if (mark === undefined) return undefined;
      const journey = startJourney(deps.clock);
      const vouching = (name: string): Source | undefined => {
        const source = deps.sources.find(name);
        return source && { ...source, scheme: vouchedFor(source) };
      };
      const sources = mark.vouched ? { find: vouching } : deps.sources;
      // Who asked for the test may have changed the source in another process a moment ago.
      const ingested = deps
        .refreshSources()
        .then(() => ingest({ ...arrival, test: true }, { ...deps, sources }, journey));
      return { ingested, journey };
    },
  };
}

const onlyTheSender = "How the sender proves itself was not tried: only it can";

function outcomeOf({ status, headers, body, connectMs, ms }: Posted): Omit<SourceTest, "source" | "url"> {
  const answer = JSON.parse(body) as Partial<IncidentRef> & Pick<SourceTest, "error"> & { readonly status?: string };
  const { incident_id, incident_number, error } = answer;
  const ok = status === 202 && answer.status === "accepted" && incident_id !== undefined;
  return {
    ok,
    status,
    delivery_id: String(headers["x-request-id"]),
    connect_ms: rounded(connectMs),
    answer_ms: rounded(ms),
    stages: JSON.parse(String(headers[stagesHeader] ?? "[]")) as readonly StageTime[],
    ...(ok && { incident: { incident_id, incident_number } as IncidentRef }),
    ...(error && { error: { code: error.code, message: error.message } }),
  };
}

/**
 * Stands for a scheme that only the sender can sign by: with its private key, its certificate, its address. Whoever asks for a
 * test has an API token and could register the source anew, so nothing is opened by it.
 */
function vouchedFor({ scheme }: Pick<Source, "scheme">): ImmediateScheme {
  return {
    name: scheme.name,
    summary: scheme.summary,
    needsSecret: false,
    acceptsUnsigned: false,
    provesBody: false,
    minimumSecretLength: 0,
    presents: () => true,
    verify: ({ body }) => ({
      verified: true,
      scheme: scheme.name,
      signed: body,
      toleranceSeconds: defaultToleranceSeconds,
    }),
    sign: ({ url }) => ({ url, headers: {} }),
  };
}
