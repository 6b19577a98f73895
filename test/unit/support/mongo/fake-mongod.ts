/**
 * Stands in for `mongod`, where there is none to be had: takes its options, and answers as a new member of a replica set does,
 * which takes writes once it is initiated. It writes what it was given into `FAKE_MONGOD_NOTES`.
 */
import { writeFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { parseArgs } from "node:util";
import type { Document } from "mongodb";
import { answerTo, messagesIn, requestIn } from "../../../support/mongo/messages.ts";

const { values } = parseArgs({
  options: {
    version: { type: "boolean" },
    bind_ip: { type: "string" },
    port: { type: "string" },
    dbpath: { type: "string" },
    replSet: { type: "string" },
  },
});
const { FAKE_MONGOD_NOTES = "", FAKE_MONGOD_VERSION = "8.0.1" } = process.env;
let initiated: Document | undefined;
/** How often it was greeted since: it elects itself a little later. */
let greeted = 0;

const answers: Readonly<Record<string, (command: Document) => Document>> = {
  hello() {
    greeted += 1;
    return { isWritablePrimary: initiated !== undefined && greeted > 1, maxWireVersion: 25, minWireVersion: 0 };
  },
  replSetInitiate({ replSetInitiate }) {
    initiated = replSetInitiate;
    greeted = 0;
    writeFileSync(FAKE_MONGOD_NOTES, JSON.stringify({ ...values, initiated }));
    return {};
  },
};

async function serve(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  for await (const message of messagesIn(socket)) {
    const request = requestIn(message);
    const answer = answers[request.command]?.(request.document()) ?? {};
    socket.write(answerTo(request, { ok: 1, ...answer }));
  }
}

if (values.version) console.log(`db version v${FAKE_MONGOD_VERSION}\nBuild Info: {}`);
else createServer((socket) => void serve(socket)).listen(Number(values.port), values.bind_ip);
