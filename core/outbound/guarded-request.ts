/**
 * A request to an address that an operator has allowed, made so that nothing can lead it elsewhere: the name is resolved once, every
 * address that it has is looked at, and the connection goes to the one that was; a redirect is followed only to the same host,
 * and no further up than is allowed.
 */
import { lookup as dnsLookup } from "node:dns";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { BlockList, isIP, isIPv4, type LookupFunction } from "node:net";
import { plainAddress } from "@thruway/sdk";

const mostRedirects = 3;
const largestAnswer = 1_048_576;

export interface GuardedRequest {
  readonly method: string;
  readonly url: string;
  /** What the address that a redirect leads to begins with; left out, anything of the host will do. */
  readonly below?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal;
  /** Whether it may go to an address of a private network, because an operator said so. */
  readonly allowPrivate: boolean;
}

export interface GuardedAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Makes a request. @throws with a sentence where the address is not to be reached, or does not answer in bounds */
export type GuardedSend = (request: GuardedRequest) => Promise<GuardedAnswer>;

/** How names are resolved: all addresses of one. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const resolveByDns: Resolve = (host) =>
  new Promise((resolve, reject) => {
    dnsLookup(host, { all: true, verbatim: true }, (error, addresses) => {
      if (error) reject(error);
      else resolve(addresses.map(({ address }) => address));
    });
  });

/** IANA's special-purpose addresses that are no place on the internet (RFC 6890 and its updates). */
const special = new BlockList();
for (const [network, bits] of [
  ...[
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
  ],
  ...[
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
  ],
  ...[
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 4],
    ["240.0.0.0", 4],
  ],
] as const) {
  special.addSubnet(network, bits, "ipv4");
}
for (const [network, bits] of [
  ...[
    ["::", 96],
    // RFC 2765; not to be mistaken for the mapped ones, which are looked at as what they are.
    ["::ffff:0:0:0", 96],
    ["64:ff9b::", 96],
    ["64:ff9b:1::", 48],
    ["100::", 64],
    ["2001::", 23],
    ["2001:db8::", 32],
  ],
  ...[
    ["2002::", 16],
    ["3fff::", 20],
    ["5f00::", 16],
    ["fc00::", 7],
    ["fe80::", 10],
    ["fec0::", 10],
    ["ff00::", 8],
  ],
] as const) {
  special.addSubnet(network, bits, "ipv6");
}

/** Whether an address is one of a private network, of this machine, or of nobody. */
export function isPrivate(address: string): boolean {
  const plain = plainAddress(address);
  if (plain === undefined) return true;
  return special.check(plain, isIPv4(plain) ? "ipv4" : "ipv6");
}

/** @param resolve how names become addresses; left out, by the system's DNS */
export function guardedSend(resolve: Resolve = resolveByDns): GuardedSend {
  async function addressOf(url: URL, allowPrivate: boolean): Promise<string> {
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const addresses = isIP(host) === 0 ? await resolve(host) : [host];
    const [first] = addresses;
    if (first === undefined) throw new Error(`${host} has no address`);
    const bad = allowPrivate ? undefined : addresses.find(isPrivate);
    if (bad !== undefined) throw new Error(`${host} is at ${bad}, a private address, which is not asked`);
    return first;
  }

  return async (given) => {
    let url = new URL(given.url);
    for (let redirects = 0; ; redirects += 1) {
      const address = await orAborted(addressOf(url, given.allowPrivate), given.signal);
      const answer = await sendTo(address, url, given);
      if (answer.location === undefined || given.method !== "GET") return answer;
      if (redirects >= mostRedirects) throw new Error(`it redirects more than ${mostRedirects} times`);
      const next = new URL(answer.location, url);
      if (next.host !== url.host || next.protocol !== url.protocol) {
        throw new Error(`it redirects to another host, ${next.host.slice(0, 100)}, which is not followed`);
      }
      if (!next.href.startsWith(given.below ?? ""))
        throw new Error(`it redirects out of ${given.below}, which is not followed`);
      url = next;
    }
  };
}

/** DNS cannot be told to stop; nobody waits for it any longer. */
function orAborted<T>(asked: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  asked.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  return promise;
}

function sendTo(
  address: string,
  url: URL,
  { method, headers, body, signal }: GuardedRequest,
): Promise<GuardedAnswer & { readonly location: string | undefined }> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  // Whatever the name resolves to by now, the connection goes to the address that was looked at.
  const lookup: LookupFunction = (_host, options, callback) => {
    const family = isIPv4(address) ? 4 : 6;
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    const request = send(
      url,
      { method, headers: { "user-agent": "thruway", ...headers, ...length }, lookup, signal, agent: false },
      (response) => {
        read(response)
          .then((bytes) =>
            resolve({
              status: response.statusCode ?? 0,
              contentType: response.headers["content-type"] ?? "",
              body: bytes,
              location: isRedirect(response) ? response.headers.location : undefined,
            }),
          )
          .catch(reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function isRedirect({ statusCode = 0 }: IncomingMessage): boolean {
  return statusCode >= 300 && statusCode < 400 && statusCode !== 304;
}

async function read(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largestAnswer) throw new Error(`it answered more than ${largestAnswer} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
