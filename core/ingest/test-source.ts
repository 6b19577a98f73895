import { randomUUIDv7 } from "node:crypto";
import { canSign, defaultToleranceSeconds, type Headers, type ImmediateScheme } from "@thruway/sdk";
import { type ErrorCode, Refusal } from "../errors.ts";
import type { IncidentRef } from "../incidents/incident.ts";
import type { Source } from "../sources/sources.ts";
import type { StageTime } from "../store/ports.ts";
import { type IngestDependencies, ingest } from "./ingest.ts";
import { startJourney } from "./journey.ts";

/** What a test event met on its way. */
export interface SourceTest {
  readonly source: string;
  readonly ok: boolean;
  readonly stages: readonly StageTime[];
  readonly incident?: Partial<IncidentRef>;
  /** What the test could not try. */
  readonly note?: string;
  readonly error?: { readonly code: ErrorCode; readonly message: string };
}

export type SourceTester = (name: string, address: string) => Promise<SourceTest>;

/** The body of the text's own test; what a source with `plugin: auto` is tested with. */
const testEvent = { event_type: "test", data: {} };

/**
 * Sends a source a test event, signed with its secret, through every stage that a vendor's meets. What it makes is tagged
 * `test`.
 */
export function sourceTester(
  deps: IngestDependencies & { readonly find: (name: string) => Source | undefined },
): SourceTester {
  return async (name, address) => {
    const source = deps.find(name);
    if (source === undefined) {
      throw new Refusal("unknown_source", { message: `Webhook source '${name}' is not registered` });
    }
    const [secret] = source.credentials.secrets;
    const signs = canSign(source.scheme, secret);
    const tested = signs ? source : { ...source, scheme: vouchedFor(source) };
    const sources = { find: (each: string) => (each === name ? tested : deps.sources.find(each)) };
    const receivedAt = deps.now();
    const body = Buffer.from(JSON.stringify(source.plugin?.example ?? testEvent));
    const signed = tested.scheme.sign({ url: `/api/webhooks/${name}`, body }, secret, receivedAt);
    const journey = startJourney(deps.clock);
    const headers: Headers = Object.fromEntries(
      Object.entries({ "content-type": "application/json", "user-agent": "thruway-test", ...signed.headers }).map(
        ([header, value]) => [header, [value]],
      ),
    );
    const arrival = {
      id: randomUUIDv7(),
      sourceName: name,
      method: "POST",
      url: signed.url,
      headers,
      address,
      receivedAt,
      receive: () => Promise.resolve(body),
      test: true,
    };
    try {
      const ingested = await ingest(arrival, { ...deps, sources }, journey);
      const incident =
        ingested.kind === "answer" && ingested.answer.status === "accepted" ? ingested.answer : undefined;
      return {
        source: name,
        ok: incident !== undefined,
        stages: journey.times,
        ...(!signs && { note: onlyTheSender }),
        ...(incident && {
          incident: { incident_id: incident.incident_id, incident_number: incident.incident_number } as IncidentRef,
        }),
      };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return {
        source: name,
        ok: false,
        stages: journey.times,
        ...(!signs && { note: onlyTheSender }),
        error: { code: error.code, message: error.message },
      };
    }
  };
}

const onlyTheSender = "How the sender proves itself was not tried: only it can";

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
