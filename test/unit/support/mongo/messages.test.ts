import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { BSON, type Document } from "mongodb";
import { answeredBy, answerTo, messagesIn, requestIn, withFields } from "../../../support/mongo/messages.ts";

interface Parts {
  readonly id?: number;
  readonly flags?: number;
  readonly lists?: Readonly<Record<string, readonly Document[]>>;
  readonly listsFirst?: boolean;
}

/** An OP_MSG as the protocol describes it. */
function opMsg(body: Document, { id = 7, flags = 0, lists = {}, listsFirst = false }: Parts = {}): Buffer {
  const sections = Object.entries(lists).map(([name, documents]) => {
    const bytes = Buffer.concat([Buffer.from(`${name}\0`), ...documents.map((each) => BSON.serialize(each))]);
    return Buffer.concat([Buffer.of(1), int32(bytes.length + 4), bytes]);
  });
  const whole = Buffer.concat([Buffer.of(0), BSON.serialize(body)]);
  const content = [int32(flags), ...(listsFirst ? [...sections, whole] : [whole, ...sections])];
  if ((flags & 1) === 1) content.push(Buffer.from("CRC!"));
  const bytes = Buffer.concat(content);
  return Buffer.concat([int32(bytes.length + 16), int32(id), int32(0), int32(2013), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

async function* cutAt(bytes: Buffer, places: readonly number[]): AsyncGenerator<Buffer> {
  const edges = [0, ...places.map((place) => place % bytes.length).toSorted((a, b) => a - b), bytes.length];
  for (const [at, edge] of edges.slice(1).entries()) yield bytes.subarray(edges[at], edge);
}

async function readAll(chunks: AsyncIterable<Buffer>): Promise<readonly Buffer[]> {
  const read: Buffer[] = [];
  for await (const message of messagesIn(chunks)) read.push(message);
  return read;
}

test("messages are told apart however their bytes are cut", async () => {
  const sizes = fc.array(fc.nat(300), { minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.array(fc.nat(), { maxLength: 40 }), async (lengths, places) => {
      const sent = lengths.map((length) => opMsg({ insert: "c", text: "x".repeat(length) }));
      const read = await readAll(cutAt(Buffer.concat(sent), places));
      assert.deepEqual(read, sent);
    }),
  );
});

test("a message that says an impossible length is no message", async () => {
  for (const length of [0, 15, -1, 50_000_000]) {
    await assert.rejects(readAll(cutAt(Buffer.concat([int32(length), Buffer.alloc(20)]), [])), /not -?\d+ bytes long/);
  }
});

test("a request is read: its id, its command, and the documents that stand beside it", () => {
  for (const listsFirst of [false, true]) {
    const documents = [{ _id: 1 }, { _id: 2, text: "ü" }];
    const request = requestIn(opMsg({ insert: "c", $db: "d" }, { id: 42, lists: { documents }, listsFirst }));
    assert.equal(request.id, 42);
    assert.equal(request.command, "insert");
    assert.equal(request.answered, true);
    assert.deepEqual(request.document(), { insert: "c", $db: "d", documents });
  }
});

test("a request that nobody waits for is known by its flag", () => {
  assert.equal(requestIn(opMsg({ insert: "c" }, { flags: 2 })).answered, false);
});

test("a checksum at the end is no section", () => {
  assert.deepEqual(requestIn(opMsg({ ping: 1 }, { flags: 1 })).document(), { ping: 1 });
});

test("an answer names the request, and says what it is given to say", () => {
  const answer = answerTo(requestIn(opMsg({ insert: "c" }, { id: 42 })), { ok: 0, code: 14031 });
  assert.equal(answeredBy(answer), 42);
  assert.deepEqual(requestIn(answer).document(), { ok: 0, code: 14031 });
});

test("a field is added to an answer and the others keep their types, with a checksum too", () => {
  const body = { ok: new BSON.Double(1), n: new BSON.Int32(3), cursor: BSON.Long.fromString("9007199254740993") };
  const fields = { writeConcernError: { code: new BSON.Int32(64) } };
  for (const flags of [0, 1]) {
    const changed = withFields(opMsg(body, { flags }), fields);
    const expected = Buffer.from(BSON.serialize({ ...body, ...fields }));
    assert.deepEqual(changed.subarray(21), expected);
    assert.equal(changed.readInt32LE(0), changed.length);
  }
});
