/** A proxy between driver and server, for tests of what becomes of a write when something between the two goes wrong. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { MongoClient } from "mongodb";
import { eventually } from "../eventually.ts";
import { type Armed, armed, type Fault, type FaultKind, type FaultOptions } from "./faults.ts";
import { answeredBy, answerTo, messagesIn, type Request, requestIn, withFields } from "./messages.ts";
import { withAddress } from "./uri.ts";

/** Leaving its scope drops every connection. */
export interface MongoProxy extends AsyncDisposable {
  /** Leads to the server through this proxy. */
  readonly uri: string;
  /** How many requests of a command the server got: the number of round trips. */
  readonly requests: ReadonlyMap<string, number>;
  /**
   * Lets something go wrong with requests that are still to come. On a replica set the driver tries most of them twice, so a
   * test that counts on the first failure either sets no `times` or turns `retryWrites` off.
   */
  fault(kind: FaultKind, options?: FaultOptions): Fault;
  /** From now on nothing passes in either direction. New connections are taken, and hear nothing. */
  stall(): void;
  /** Drops every connection and refuses new ones. */
  refuse(): Promise<void>;
  /** All is well: connections are taken, what was held goes on, every fault is cleared. */
  heal(): Promise<void>;
}

/** A connection of the driver, and the one to the server that belongs to it. */
interface Link {
  readonly client: Socket;
  readonly server: Socket;
  /** Faults that strike at an answer, by the id of the request. */
  readonly awaited: Map<number, Armed>;
}

/**
 * Starts one in front of the server that `uri` leads to: of a replica set, the primary.
 *
 * @throws {Error} where no server answers there, or it wants TLS
 */
export async function aMongoProxy(uri: string): Promise<MongoProxy> {
  const server = await addressOf(uri);
  const links = new Set<Link>();
  const faults = new Set<Armed>();
  const requests = new Map<string, number>();
  const gate = aGate();

  function take(client: Socket): void {
    const link: Link = { client, server: connect(server.port, server.host), awaited: new Map() };
    links.add(link);
    client.on("close", () => links.delete(link));
    for (const socket of [link.client, link.server]) socket.setNoDelay(true).on("error", () => {});
    void passRequests(link);
    void passAnswers(link);
  }

  async function passRequests(link: Link): Promise<void> {
    for await (const message of messagesIn(bytesFrom(link.client))) {
      await gate.open;
      const request = requestIn(message);
      const fault = faults.values().find((each) => each.strikes(request));
      if (fault !== undefined && !(await survives(request, fault, link))) continue;
      requests.set(request.command, (requests.get(request.command) ?? 0) + 1);
      link.server.write(message);
    }
    // What was written still arrives.
    link.server.end();
  }

  async function passAnswers(link: Link): Promise<void> {
    for await (const message of messagesIn(bytesFrom(link.server))) {
      await gate.open;
      const fault = link.awaited.get(answeredBy(message));
      link.awaited.delete(answeredBy(message));
      fault?.fire();
      if (fault?.effect.does === "cut") drop(link);
      else link.client.write(fault?.effect.does === "add" ? withFields(message, fault.effect.fields) : message);
    }
    link.client.end();
  }

  const listener = createServer(take);
  const port = await listen(listener, 0);

  async function refuse(): Promise<void> {
    if (!listener.listening) return;
    const closed = once(listener, "close");
    listener.close();
    for (const link of links) drop(link);
    await closed;
  }

  function clearFaults(): void {
    for (const fault of faults) fault.clear();
    faults.clear();
  }

  return {
    uri: withAddress(uri, `127.0.0.1:${port}`),
    requests,
    fault(kind, options = {}) {
      const fault = armed(kind, options);
      faults.add(fault);
      return fault;
    },
    stall: gate.shut,
    refuse,
    async heal() {
      clearFaults();
      gate.release();
      // Somebody may have got the port meanwhile, for a moment.
      if (!listener.listening) await eventually(() => listen(listener, port).catch(() => undefined));
    },
    async [Symbol.asyncDispose]() {
      await refuse();
      clearFaults();
      gate.release();
    },
  };
}

/** Whether a request goes on to the server; resolves when it may. */
async function survives(request: Request, fault: Armed, link: Link): Promise<boolean> {
  const { effect } = fault;
  if (effect.at === "answer") {
    link.awaited.set(request.id, fault);
    return true;
  }
  if (effect.does === "cut") drop(link);
  if (effect.does === "reply" && request.answered) link.client.write(answerTo(request, effect.document));
  fault.fire();
  if (effect.does !== "hold") return false;
  await fault.cleared;
  return true;
}

function drop({ client, server }: Link): void {
  client.destroy();
  server.destroy();
}

/** What arrives on a connection. One that breaks ends like one that is closed. */
async function* bytesFrom(socket: Socket): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* socket;
  } catch {
    // There is nobody left to tell.
  }
}

interface Gate {
  readonly open: Promise<void>;
  readonly shut: () => void;
  readonly release: () => void;
}

function aGate(): Gate {
  let { promise: open, resolve: release } = Promise.withResolvers<void>();
  release();
  return {
    get open() {
      return open;
    },
    shut() {
      release();
      ({ promise: open, resolve: release } = Promise.withResolvers<void>());
    },
    release: () => release(),
  };
}

/** The server that a driver with this URI asks: the primary, of a replica set. */
async function addressOf(uri: string): Promise<{ readonly host: string; readonly port: number }> {
  await using client = new MongoClient(uri, { monitorCommands: true, serverSelectionTimeoutMS: 10_000 });
  const asked = once(client, "commandStarted");
  await client.db("admin").command({ ping: 1 });
  const [{ address }] = await asked;
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname.replaceAll(/[[\]]/g, ""), port: Number(port) };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}
