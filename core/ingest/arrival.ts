import type { Delivery, Headers } from "@thruway/sdk";

/** A request as it comes in from HTTP, or from the test of a source. */
export interface Arrival {
  /** The delivery's id, which is also the request's: UUID v7. */
  readonly id: string;
  readonly sourceName: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly address: string;
  readonly receivedAt: Date;
  readonly receive: () => Promise<Buffer>;
  /** Marks what becomes of it as a test. */
  readonly test?: boolean;
}

/** The query is parsed when a scheme asks for it. A class, since a getter in a literal would cost each delivery 2 KB. */
export class ArrivedDelivery implements Delivery {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly receivedAt: Date;

  constructor({ method, url, headers, receivedAt }: Arrival, body: Uint8Array) {
    this.method = method;
    this.url = url;
    this.headers = headers;
    this.body = body;
    this.receivedAt = receivedAt;
  }

  get query(): URLSearchParams {
    return new URL(this.url, "http://localhost").searchParams;
  }
}
