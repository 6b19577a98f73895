import type { Socket } from "node:net";

/** Somebody who takes connections. */
export interface Taker {
  /** Is given a connection to take. It says that it `took` it, or is `gone`. */
  hand(connection: number, socket: Socket): void;
}

/** Gives connections to takers by turns. */
export interface Switchboard {
  add(socket: Socket): void;
  /** It takes connections from now on. */
  open(taker: Taker): void;
  took(taker: Taker, connection: number): void;
  /** It takes none any more: what it was handed and did not take goes to another. */
  gone(taker: Taker): void;
  /** Hangs up on whoever waits. */
  close(): void;
}

/** With no taker for so many, somebody is better told to come back. */
const mostWaiting = 1_000;

/**
 * One connection at a time is on its way to a taker, and only who takes it gets the next: one that is stuck gets no more than
 * one, and that is given to another when it is gone. A socket is kept open here until it is taken.
 */
export function createSwitchboard(): Switchboard {
  let last = 0;
  const waiting: Socket[] = [];
  /** What is on its way, for each that takes connections. */
  const takers = new Map<Taker, { readonly connection: number; readonly socket: Socket } | undefined>();
  /** Those that can be handed one, who has waited longest first. */
  const free = new Set<Taker>();

  function handOut(): void {
    for (const taker of free) {
      const socket = waiting.shift();
      if (socket === undefined) return;
      last += 1;
      free.delete(taker);
      takers.set(taker, { connection: last, socket });
      taker.hand(last, socket);
    }
  }

  return {
    add(socket) {
      // Whoever takes it hears of what is wrong with it.
      socket.on("error", () => {});
      if (waiting.length >= mostWaiting) {
        socket.destroy();
        return;
      }
      waiting.push(socket);
      handOut();
    },
    open(taker) {
      takers.set(taker, undefined);
      free.add(taker);
      handOut();
    },
    took(taker, connection) {
      const onItsWay = takers.get(taker);
      if (onItsWay?.connection !== connection) return;
      // Closes it in this process alone.
      onItsWay.socket.destroy();
      takers.set(taker, undefined);
      free.add(taker);
      handOut();
    },
    gone(taker) {
      const onItsWay = takers.get(taker);
      if (onItsWay !== undefined) waiting.unshift(onItsWay.socket);
      takers.delete(taker);
      free.delete(taker);
      handOut();
    },
    close() {
      for (const socket of waiting.splice(0)) socket.destroy();
      for (const onItsWay of takers.values()) onItsWay?.socket.destroy();
      takers.clear();
      free.clear();
    },
  };
}
