import { closeSync, mkdirSync, openSync, readFileSync, writeSync, writevSync } from "node:fs";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { isMissing } from "../errors.ts";
import type { Flight } from "../ingest/flights.ts";
import type { NewDelivery } from "../store/ports.ts";

/** "TWF1". Zeros in its place mean that no delivery is in the hands of a plugin. */
const magic = 0x31_46_57_54;
const empty = Buffer.alloc(4);
/** The magic, the length of what is said, the length of the bytes, and the CRC-32 of both, each little-endian. */
const headerBytes = 16;

interface Said {
  readonly delivery: Omit<NewDelivery, "body">;
  readonly epoch?: number;
}

/** Where a process writes down which delivery a plugin has in hand. The death of the process loses nothing of it. */
export interface FlightFile {
  write(flight: Flight): void;
  clear(): void;
  close(): void;
}

/**
 * Makes the file, or empties it. A write is one system call into the page cache and waits for no disk: it is to outlive its
 * process, and not the machine.
 *
 * @throws where the file cannot be made; so do `write` and `clear` where it cannot be written
 */
export function openFlightFile(path: string): FlightFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const file = openSync(path, "w", 0o600);
  const header = Buffer.alloc(headerBytes);
  header.writeUInt32LE(magic, 0);
  return {
    write({ delivery: { body, ...delivery }, epoch }) {
      const said = Buffer.from(JSON.stringify({ delivery, ...(epoch !== undefined && { epoch }) } satisfies Said));
      header.writeUInt32LE(said.length, 4);
      header.writeUInt32LE(body.length, 8);
      header.writeUInt32LE(crc32(body, crc32(said)), 12);
      writevSync(file, [header, said, body], 0);
    },
    clear: () => void writeSync(file, empty, 0, empty.length, 0),
    close: () => closeSync(file),
  };
}

/**
 * Reads what a process was at when it ended.
 *
 * @returns `undefined` where it was at nothing, or there is no such file
 * @throws where the file is torn: the process ended while it wrote, and so before the plugin began
 */
export function readFlight(path: string): Flight | undefined {
  const bytes = contents(path);
  if (bytes === undefined || bytes.length < headerBytes || bytes.readUInt32LE(0) === 0) return undefined;
  if (bytes.readUInt32LE(0) !== magic) throw new Error("it does not begin like one");
  const bodyFrom = headerBytes + bytes.readUInt32LE(4);
  const end = bodyFrom + bytes.readUInt32LE(8);
  if (bytes.length < end || crc32(bytes.subarray(headerBytes, end)) !== bytes.readUInt32LE(12)) {
    throw new Error("it is torn");
  }
  const { delivery, ...rest } = JSON.parse(bytes.toString("utf8", headerBytes, bodyFrom)) as Said;
  return { delivery: { ...delivery, body: bytes.subarray(bodyFrom, end) }, ...rest };
}

function contents(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
