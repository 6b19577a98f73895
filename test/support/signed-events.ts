/** Distinct signed events, sent as fast as the connections allow, and what was answered to each. */
import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import type { Answered } from "./gateway.ts";
import { signedHeaders } from "./signed.ts";

const connections = 32;

/** The very bytes: sent twice, it is the same delivery. */
export interface SignedEvent {
  readonly source: string;
  readonly externalId: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Sent {
  readonly event: SignedEvent;
  /** `undefined` where the connection ended before one came. */
  readonly answer: Answered | undefined;
}

/** The sources that `events` are for, and their plugins. */
export const eventSources = { edr: "crowdstrike", mail: "generic" } as const;

/** Events without end, by turns in CrowdStrike's format and in the generic one. */
export function* events(): Generator<SignedEvent, never> {
  for (let n = 0; ; n += 2) {
    const metadata = { eventType: "DetectionSummaryEvent", customerIDString: "test", offset: n };
    const event = {
      DetectId: `ldt:${n}`,
      Severity: 4,
      HostnameField: `WORKSTATION-${n}`,
      DetectName: "Malicious file",
    };
    yield signed("edr", `ldt:${n}`, { metadata: { ...metadata, eventCreationTime: Date.now() }, event });
    yield anEvent("mail", `alert-${n + 1}`);
  }
}

/** One in the generic format. */
export function anEvent(source: string, externalId: string): SignedEvent {
  return signed(source, externalId, { event_type: "security_alert", data: { alert_id: externalId, severity: "high" } });
}

/**
 * Sends events one after the other on each of 32 keep-alive connections. Where one fails, no more are sent on it.
 *
 * @returns once there are no events left, or no connections
 */
export async function sendAll(
  url: string,
  from: Iterable<SignedEvent>,
  onAnswer: (answer: Answered) => void = () => {},
): Promise<readonly Sent[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const remaining = from[Symbol.iterator]();
  const sent: Sent[] = [];

  async function sendOn(): Promise<void> {
    for (let next = remaining.next(); next.done !== true; next = remaining.next()) {
      const event = next.value;
      const answer = await send(url, event, agent).catch(() => undefined);
      sent.push({ event, answer });
      if (answer === undefined) return;
      onAnswer(answer);
    }
  }

  await Promise.all(Array.from({ length: connections }, sendOn));
  agent.destroy();
  return sent;
}

function send(url: string, { source, headers, body }: SignedEvent, agent: Agent): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<Answered>();
  const sending = request(`${url}/api/webhooks/${source}`, { method: "POST", agent, headers }, (response) => {
    text(response)
      .then((body) =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(response.headers as Record<string, string>),
          body: JSON.parse(body),
        }),
      )
      .catch(reject);
  });
  sending.on("error", reject);
  sending.end(body);
  return promise;
}

function signed(source: string, externalId: string, payload: unknown): SignedEvent {
  const body = JSON.stringify(payload);
  return { source, externalId, body, headers: Object.fromEntries(signedHeaders(body)) };
}
