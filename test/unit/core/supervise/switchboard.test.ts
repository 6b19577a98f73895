import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import { createSwitchboard, type Switchboard, type Taker } from "../../../../core/supervise/switchboard.ts";

interface Handed {
  readonly connection: number;
  readonly socket: Socket;
}

/** A taker that says nothing by itself. */
function aTaker(): Taker & { readonly handed: Handed[] } {
  const handed: Handed[] = [];
  return { handed, hand: (connection, socket) => void handed.push({ connection, socket }) };
}

function add(board: Switchboard, count = 1): readonly Socket[] {
  const sockets = Array.from({ length: count }, () => new Socket());
  for (const socket of sockets) board.add(socket);
  return sockets;
}

function takeLast(board: Switchboard, taker: ReturnType<typeof aTaker>): void {
  const last = taker.handed.at(-1);
  assert.ok(last);
  board.took(taker, last.connection);
}

test("takers get connections by turns, and are closed here once they are taken there", () => {
  const board = createSwitchboard();
  const [one, other] = [aTaker(), aTaker()];
  board.open(one);
  board.open(other);
  const sockets = add(board, 2);
  assert.deepEqual([one.handed[0]?.socket, other.handed[0]?.socket], sockets);
  assert.deepEqual(
    sockets.map(({ destroyed }) => destroyed),
    [false, false],
  );
  takeLast(board, other);
  takeLast(board, one);
  assert.deepEqual(
    sockets.map(({ destroyed }) => destroyed),
    [true, true],
  );
  add(board);
  assert.deepEqual([one.handed.length, other.handed.length], [1, 2]);
});

test("who is stuck gets one connection, and the others get the rest", () => {
  const board = createSwitchboard();
  const [stuck, quick] = [aTaker(), aTaker()];
  board.open(stuck);
  board.open(quick);
  for (let n = 0; n < 20; n += 1) {
    add(board);
    if (quick.handed.length > 0) takeLast(board, quick);
  }
  assert.deepEqual([stuck.handed.length, quick.handed.length], [1, 19]);
});

test("what was on its way to one that is gone is given to another, before what came later", () => {
  const board = createSwitchboard();
  const [dead, alive] = [aTaker(), aTaker()];
  board.open(dead);
  const [first] = add(board, 3);
  board.gone(dead);
  assert.equal(first?.destroyed, false);
  board.open(alive);
  assert.equal(alive.handed[0]?.socket, first);
  takeLast(board, alive);
  takeLast(board, alive);
  takeLast(board, alive);
  assert.equal(alive.handed.length, 3);
});

test("what one says after it is gone counts for nothing", () => {
  const board = createSwitchboard();
  const [late, other] = [aTaker(), aTaker()];
  board.open(late);
  const [socket] = add(board);
  board.gone(late);
  board.open(other);
  takeLast(board, late);
  assert.equal(socket?.destroyed, false);
  add(board);
  assert.deepEqual([late.handed.length, other.handed.length], [1, 1]);
});

test("connections wait for the first taker, a thousand of them at most", () => {
  const board = createSwitchboard();
  const sockets = add(board, 1_002);
  assert.deepEqual(
    sockets.filter(({ destroyed }) => destroyed),
    sockets.slice(1_000),
  );
  const taker = aTaker();
  board.open(taker);
  assert.equal(taker.handed[0]?.socket, sockets[0]);
});

test("a close hangs up on whoever waits or is on the way", () => {
  const board = createSwitchboard();
  board.open(aTaker());
  const sockets = add(board, 3);
  board.close();
  assert.ok(sockets.every(({ destroyed }) => destroyed));
});
