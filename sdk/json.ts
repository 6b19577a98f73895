import { isUtf8 } from "node:buffer";
import { JsonError } from "./errors.ts";

/** Deeper than any vendor nests, shallower than any recursion in a schema, a mapper or a serialiser minds. */
export const maxJsonDepth = 64;

const openBrace = 0x7b;
const openBracket = 0x5b;
const closeBrace = 0x7d;
const closeBracket = 0x5d;
const quote = 0x22;
const backslash = 0x5c;

/**
 * Parses the JSON of a delivery. It differs from `JSON.parse` where security events need it to:
 *
 * - integers beyond 2^53, and numbers beyond what a double holds, come out as the string of their digits
 *   (a CrowdStrike `ProcessId` is 1719309930613520072), so that no id is rounded;
 * - keys that reach a prototype (`__proto__`, `constructor.prototype`) are refused;
 * - nesting is bounded by `maxJsonDepth`; bytes that are not UTF-8 are refused; a byte order mark is skipped.
 *
 * @throws {JsonError} with a sentence for the sender
 */
export function parseJson(bytes: Uint8Array): unknown {
  if (!isUtf8(bytes)) throw new JsonError("Body is not valid UTF-8");
  const { hasLongNumber } = scan(bytes);
  const decoded = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("utf8");
  const text = decoded.charCodeAt(0) === 0xfeff ? decoded.slice(1) : decoded;
  const value = parse(text, hasLongNumber);
  if (mayReachPrototype.test(text)) refusePrototypeKeys(value);
  return value;
}

function parse(text: string, hasLongNumber: boolean): unknown {
  try {
    // A reviver makes parsing several times slower, and hardly a payload needs it.
    return hasLongNumber ? JSON.parse(text, keepDigits) : JSON.parse(text);
  } catch (error) {
    throw new JsonError(`Body is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A reviver; `source` is the number as it was written (ECMAScript 2026, in Node since 21). */
function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value !== "number" || context?.source === undefined) return value;
  if (!Number.isFinite(value)) return context.source;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? context.source : value;
}

/** 2^53 has 16 digits; an exponent can hide any number of them. */
const exactDigits = 15;
const [zero, nine, lowerE, upperE] = [0x30, 0x39, 0x65, 0x45];

/** One walk over the bytes, before anything recursive sees them. @throws {JsonError} for nesting that is too deep */
function scan(bytes: Uint8Array): { readonly hasLongNumber: boolean } {
  let depth = 0;
  let digits = 0;
  let hasLongNumber = false;
  let inString = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (inString) {
      if (byte === backslash) i++;
      else if (byte === quote) inString = false;
      continue;
    }
    if (byte >= zero && byte <= nine) {
      digits += 1;
      if (digits > exactDigits) hasLongNumber = true;
      continue;
    }
    if (digits > 0 && (byte === lowerE || byte === upperE)) hasLongNumber = true;
    digits = 0;
    if (byte === quote) {
      inString = true;
    } else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      if (depth > maxJsonDepth) throw new JsonError(`Body is nested more than ${maxJsonDepth} levels deep`);
    } else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
    }
  }
  return { hasLongNumber };
}

/** Cheap and too wide on purpose: a `\u` escape may spell any of the keys, so it leads to the walk. */
const mayReachPrototype = /__proto__|"constructor"|\\u00/;

function refusePrototypeKeys(root: unknown): void {
  const rest = [root];
  for (let node = rest.pop(); node !== undefined; node = rest.pop()) {
    if (node === null || typeof node !== "object") continue;
    if (Object.hasOwn(node, "__proto__")) throw new JsonError('Body has a forbidden key "__proto__"');
    for (const [key, value] of Object.entries(node)) {
      if (key === "constructor" && value !== null && typeof value === "object" && Object.hasOwn(value, "prototype")) {
        throw new JsonError('Body has a forbidden key "constructor.prototype"');
      }
      if (value !== undefined) rest.push(value);
    }
  }
}
