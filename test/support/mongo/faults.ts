/** What can go wrong between the driver and the server, as data. */
import type { Document } from "mongodb";
import type { Request } from "./messages.ts";

/** Where it strikes, and what it does there. At the answer, the server has carried the request out. */
export type Effect =
  /** The connection is dropped. */
  | { readonly at: "request" | "answer"; readonly does: "cut" }
  /** The server gets the request when the fault is over, even if the driver gave up in between: so it is on a network. */
  | { readonly at: "request"; readonly does: "hold" }
  /** The server does not get the request; the driver gets this. */
  | { readonly at: "request"; readonly does: "reply"; readonly document: Document }
  /** The answer gets more fields. */
  | { readonly at: "answer"; readonly does: "add"; readonly fields: Document };

export const effects = {
  cutBefore: { at: "request", does: "cut" },
  cutAfter: { at: "answer", does: "cut" },
  stall: { at: "request", does: "hold" },
  /** As MongoDB answers when `wtimeout` is over before the majority has the write, which is not undone. */
  writeConcernError: {
    at: "answer",
    does: "add",
    fields: {
      writeConcernError: {
        code: 64,
        codeName: "WriteConcernTimeout",
        errmsg: "waiting for replication timed out",
        errInfo: { wtimeout: true },
      },
    },
  },
  diskFull: {
    at: "request",
    does: "reply",
    document: { ok: 0, code: 14_031, codeName: "OutOfDiskSpace", errmsg: "available disk space is below the minimum" },
  },
  /** As a member of a replica set answers that is the primary no more. */
  notPrimary: {
    at: "request",
    does: "reply",
    document: { ok: 0, code: 10_107, codeName: "NotWritablePrimary", errmsg: "not primary" },
  },
} as const satisfies Record<string, Effect>;

export type FaultKind = keyof typeof effects;

export interface FaultOptions {
  /**
   * Which requests are hit: those of a command, or those that a function picks by name and content. Without it all, but for
   * those that the driver sends on its own account, which a function does not see either.
   */
  readonly command?: string | ((name: string, document: Document) => boolean);
  /** How many requests are hit; without it, all until the fault is cleared. */
  readonly times?: number;
}

/** A fault that waits for its requests. Leaving its scope clears it. */
export interface Fault extends Disposable {
  /** Resolves when it has struck for the first time. What strikes at the answer does so when the server has the write. */
  readonly fired: Promise<void>;
  clear(): void;
}

/** A fault as the proxy sees it. */
export interface Armed extends Fault {
  readonly effect: Effect;
  readonly cleared: Promise<void>;
  /** Whether it strikes this request, which is counted. */
  readonly strikes: (request: Request) => boolean;
  readonly fire: () => void;
}

/** What a driver sends to know a server, to be let in, and to tidy up. */
const ofTheDriver = new Set(["hello", "isMaster", "ismaster", "ping", "saslStart", "saslContinue", "endSessions"]);

export function armed(kind: FaultKind, { command, times = Number.POSITIVE_INFINITY }: FaultOptions): Armed {
  const fired = Promise.withResolvers<void>();
  const cleared = Promise.withResolvers<void>();
  let left = times;

  function isMeant(request: Request): boolean {
    if (typeof command === "string") return request.command === command;
    if (ofTheDriver.has(request.command)) return false;
    return command === undefined || command(request.command, request.document());
  }

  function clear(): void {
    left = 0;
    cleared.resolve();
  }

  return {
    effect: effects[kind],
    fired: fired.promise,
    cleared: cleared.promise,
    strikes(request) {
      if (left === 0 || !isMeant(request)) return false;
      left -= 1;
      return true;
    },
    fire: fired.resolve,
    clear,
    [Symbol.dispose]: clear,
  };
}
