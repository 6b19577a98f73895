import { type Delivery, type Headers, queryOf } from "@thruway/sdk";
import type { Trace } from "../trace.ts";

/** A request as it comes in from HTTP, or from the test of a source. */
export interface Arrival {
  /** The delivery's id, which is also the request's: UUID v7. */
  readonly id: string;
  readonly sourceName: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** The sender's, as far as the trusted proxies tell. */
  readonly address: string;
  /** Whether a trusted proxy handed it over. */
  readonly proxied?: boolean;
  readonly receivedAt: Date;
  readonly receive: () => Promise<Buffer>;
  /** Marks what becomes of it as a test. */
  readonly test?: boolean;
  /** Where it is traced. */
  readonly trace?: Trace | undefined;
}

/** The query is parsed when a scheme asks for it. A class, since a getter in a literal would cost each delivery 2 KB. */
export class ArrivedDelivery implements Delivery {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly receivedAt: Date;
  readonly address: string;
  readonly proxied: boolean;

  constructor(
    { method, url, headers, receivedAt, address, proxied = false }: Omit<Arrival, "receive">,
    body: Uint8Array,
  ) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.body = body;
    this.receivedAt = receivedAt;
    this.address = address;
    this.proxied = proxied;
  }

  get query(): URLSearchParams {
    return queryOf(this.url);
  }
}
