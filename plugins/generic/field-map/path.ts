import { MapError } from "./map-error.ts";

/** `data.rule["tag::eventtype"][0]`, read: keys and, as numbers, positions in a list. */
export interface Path {
  /** It begins with `$`: at the payload, also where a list of it is split into alerts. */
  readonly absolute: boolean;
  readonly steps: readonly (string | number)[];
}

const longestPath = 500;
const mostSteps = 32;

/** A name between dots, a name in brackets and quotes, or a position in brackets. */
const step = /\.?(?:(?<name>[^.[\]"']+)|\[(?<position>-?\d{1,6})\]|\[(?<quoted>"(?:[^"\\]|\\.)*"|'[^']*')\])/y;

/**
 * Reads a path.
 *
 * @throws {MapError} that says at which character it stops making sense
 */
export function parsePath(text: string): Path {
  if (text.length > longestPath) throw new MapError(`is a path of more than ${longestPath} characters`);
  const absolute = /^\$(?=$|[.[])/.test(text);
  const steps: (string | number)[] = [];
  let at = absolute ? 1 : 0;
  while (at < text.length) {
    step.lastIndex = at;
    const { name, position, quoted } = step.exec(text)?.groups ?? {};
    const isFirst = at === 0;
    const startsWithDot = text[at] === ".";
    if (step.lastIndex === 0 || startsWithDot !== (name !== undefined && !isFirst)) {
      throw new MapError(`is no path: "${shorten(text)}" makes no sense from character ${at + 1} on`);
    }
    if (name !== undefined) steps.push(name);
    else if (position !== undefined) steps.push(Number(position));
    else steps.push(unquoted(quoted ?? "", text));
    at = step.lastIndex;
  }
  if (steps.length === 0 && !absolute) throw new MapError("is an empty path");
  if (steps.length > mostSteps) throw new MapError(`is a path of more than ${mostSteps} steps`);
  return { absolute, steps };
}

function unquoted(quoted: string, text: string): string {
  if (quoted.startsWith("'")) return quoted.slice(1, -1);
  try {
    return String(JSON.parse(quoted));
  } catch {
    throw new MapError(`is no path: ${quoted} in "${shorten(text)}" is not quoted as in JSON`);
  }
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

/**
 * What stands where the path leads; `undefined` where it leads nowhere. Only what an object has itself is found, never what
 * comes with every object. A name means that field of each entry of a list, and a single value counts as a list of one.
 */
export function follow(path: Path, item: unknown, payload: unknown): unknown {
  let found = path.absolute ? payload : item;
  for (const each of path.steps) {
    found = typeof each === "number" ? entryOf(found, each) : fieldOf(found, each);
    if (found === undefined) return undefined;
  }
  return found;
}

function entryOf(value: unknown, position: number): unknown {
  if (Array.isArray(value)) return value.at(position);
  return position === 0 || position === -1 ? value : undefined;
}

function fieldOf(value: unknown, name: string): unknown {
  if (!Array.isArray(value)) return ownField(value, name);
  const found = value.flatMap((entry) => ownField(entry, name) ?? []);
  return found.length > 0 ? found : undefined;
}

function ownField(value: unknown, name: string): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value) || !Object.hasOwn(value, name))
    return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}
