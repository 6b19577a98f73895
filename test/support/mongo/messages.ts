/**
 * MongoDB's wire protocol, as much of it as a proxy between driver and server needs: where a message begins and ends, what
 * it asks, and the making of an answer.
 */
import { BSON, type Document } from "mongodb";

/** What is asked. The only OP_QUERY that drivers still send is the greeting of a server that they know nothing of. */
export interface Request {
  readonly id: number;
  /** "insert". */
  readonly command: string;
  /** The whole command, with the documents of an insert, the operations of an update. */
  readonly document: () => Document;
  /** With `w: 0` nobody waits for an answer. */
  readonly answered: boolean;
}

const headerBytes = 16;
/** The longest that a server takes. */
const longest = 48_000_000;
const opMsg = 2013;
const flag = { checksum: 1, moreToCome: 2 };

/**
 * The messages in a stream of bytes, however it is cut into chunks.
 *
 * @throws {Error} where the bytes are no messages
 */
export async function* messagesIn(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    held += chunk.length;
    if (held < lengthOf(parts)) continue;
    let rest = Buffer.concat(parts);
    for (let length = lengthOf([rest]); rest.length >= length; length = lengthOf([rest])) {
      yield rest.subarray(0, length);
      rest = rest.subarray(length);
    }
    parts = [rest];
    held = rest.length;
  }
}

/** The length that a message says it has; of one whose first bytes are not there yet, that of the header. */
function lengthOf(parts: readonly Buffer[]): number {
  const [first = Buffer.alloc(0)] = parts;
  const start = first.length < 4 && parts.length > 1 ? Buffer.concat(parts) : first;
  if (start.length < 4) return headerBytes;
  const length = start.readInt32LE(0);
  if (length < headerBytes || length > longest) throw new Error(`A message of MongoDB is not ${length} bytes long`);
  return length;
}

export function requestIn(message: Buffer): Request {
  const id = message.readInt32LE(4);
  if (message.readInt32LE(12) !== opMsg) return { id, command: "hello", document: () => ({}), answered: true };
  const { body, lists } = sectionsOf(message);
  return {
    id,
    // The first name in a document: after its length and the type of the first value.
    command: cString(body, 5),
    document: () => ({
      ...BSON.deserialize(body),
      ...Object.fromEntries(lists.map(({ name, bytes }) => [name, documentsIn(bytes)])),
    }),
    answered: (message.readUInt32LE(headerBytes) & flag.moreToCome) === 0,
  };
}

/** The id of the request that is answered. */
export function answeredBy(message: Buffer): number {
  return message.readInt32LE(8);
}

/** An answer that no server gave. */
export function answerTo(request: Request, document: Document): Buffer {
  return opMsgOf(Buffer.from(BSON.serialize(document)), 0, request.id);
}

/** An answer with fields added to it. What was in it stays as it is, byte for byte. */
export function withFields(answer: Buffer, fields: Document): Buffer {
  const { body } = sectionsOf(answer);
  const added = BSON.serialize(fields).subarray(4, -1);
  const merged = Buffer.concat([body.subarray(0, -1), added, Buffer.of(0)]);
  merged.writeInt32LE(merged.length, 0);
  return opMsgOf(merged, answer.readInt32LE(4), answeredBy(answer));
}

function opMsgOf(body: Buffer, id: number, answers: number): Buffer {
  const head = Buffer.alloc(headerBytes + 5);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(id, 4);
  head.writeInt32LE(answers, 8);
  head.writeInt32LE(opMsg, 12);
  // No flags, and one section of kind 0: both are zero.
  return Buffer.concat([head, body]);
}

interface Sections {
  /** The BSON of the command or the answer. */
  readonly body: Buffer;
  /** Lists of documents beside it: the documents of an insert, say. */
  readonly lists: readonly { readonly name: string; readonly bytes: Buffer }[];
}

function sectionsOf(message: Buffer): Sections {
  const flags = message.readUInt32LE(headerBytes);
  const end = message.length - ((flags & flag.checksum) === 0 ? 0 : 4);
  let body: Buffer | undefined;
  const lists: Sections["lists"][number][] = [];
  for (let at = headerBytes + 4; at < end; ) {
    const kind = message.readUInt8(at);
    const section = message.subarray(at + 1, at + 1 + message.readInt32LE(at + 1));
    if (kind === 0) body = section;
    else {
      const name = cString(section, 4);
      lists.push({ name, bytes: section.subarray(4 + Buffer.byteLength(name) + 1) });
    }
    at += 1 + section.length;
  }
  if (body === undefined) throw new Error("A message of MongoDB has a body");
  return { body, lists };
}

function documentsIn(bytes: Buffer): readonly Document[] {
  const found: Document[] = [];
  for (let at = 0; at < bytes.length; at += bytes.readInt32LE(at)) {
    found.push(BSON.deserialize(bytes.subarray(at, at + bytes.readInt32LE(at))));
  }
  return found;
}

function cString(bytes: Buffer, from: number): string {
  return bytes.toString("utf8", from, bytes.indexOf(0, from));
}
