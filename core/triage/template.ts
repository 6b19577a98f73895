/** Templates: `{{ incident.title }}` in a text is replaced by the value at that path. There are paths, and nothing else. */
import type { Scope } from "./expression.ts";
import { longestText, mostPlaceholders } from "./limits.ts";
import { own, type Shape } from "./values.ts";

type Path = readonly string[];
type Part = string | { readonly path: Path; readonly source: string };

/** The value of a parameter, with its templates filled in. */
export type Fill = (values: Readonly<Record<string, unknown>>) => unknown;

export interface TemplateFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Something that a template names is not there. */
export class Unresolved extends Error {
  override readonly name = "Unresolved";
}

/**
 * Compiles a value whose texts may have templates. A text that is one template and nothing else becomes what is there, a list
 * or a number too; in any other text it is inserted as text.
 *
 * @param absent what stands for what is not there; left out, filling in throws `Unresolved`
 * @param segments names of fields that are paths of an address: a value is inserted so that it stays within its segment
 */
export function compileTemplates(
  value: unknown,
  scope: Scope,
  absent?: string,
  segments: readonly string[] = [],
): { readonly fill: Fill; readonly faults: readonly TemplateFault[]; readonly templated: ReadonlySet<string> } {
  const faults: TemplateFault[] = [];
  const templated = new Set<string>();

  function compile(from: unknown, path: readonly (string | number)[]): Fill {
    if (typeof from === "string") {
      const parts = partsOf(from);
      if (typeof parts === "string") {
        faults.push({ path, message: parts });
        return () => from;
      }
      for (const part of parts) {
        const fault = typeof part === "string" ? undefined : faultOf(part.path, scope);
        if (fault !== undefined) faults.push({ path, message: fault });
      }
      if (parts.every((part) => typeof part === "string")) return () => from;
      templated.add(path.join("."));
      return segments.includes(String(path[0])) ? fillingSegments(parts) : filling(parts, absent);
    }
    if (Array.isArray(from)) {
      const items = from.map((item: unknown, index) => compile(item, [...path, index]));
      return (values) => items.map((fill) => fill(values));
    }
    if (typeof from !== "object" || from === null) return () => from;
    const fields = Object.entries(from).map(([key, field]) => [key, compile(field, [...path, key])] as const);
    return (values) => Object.fromEntries(fields.map(([key, fill]) => [key, fill(values)]));
  }

  return { fill: compile(value, []), faults, templated };
}

function filling(parts: readonly Part[], absent?: string): Fill {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && typeof only !== "string")
    return (values) => find(only, values, absent);
  return (values) => {
    const text = parts.map((part) => (typeof part === "string" ? part : written(find(part, values, absent)))).join("");
    return text.slice(0, longestText);
  };
}

function fillingSegments(parts: readonly Part[]): Fill {
  return (values) =>
    parts
      .map((part) =>
        typeof part === "string" ? part : encodeURIComponent(written(find(part, values, undefined)).toWellFormed()),
      )
      .join("");
}

function find(
  { path, source }: Exclude<Part, string>,
  values: Readonly<Record<string, unknown>>,
  absent: string | undefined,
): unknown {
  let value: unknown = values;
  for (const key of path) value = own(value, key);
  if (value !== undefined && value !== null && value !== "") return value;
  if (absent === undefined) throw new Unresolved(`there is no ${source}`);
  return absent;
}

function written(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(", ");
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A text as literals and paths in turn, or what is wrong with it. Read from left to right, once. */
function partsOf(text: string): readonly Part[] | string {
  const parts: Part[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf("{{", at);
    if (open < 0) break;
    const close = text.indexOf("}}", open);
    if (close < 0) return 'has a "{{" without its "}}"';
    if (open > at) parts.push(text.slice(at, open));
    const source = text.slice(open + 2, close).trim();
    const path = pathOf(source);
    if (path === undefined) {
      return `"{{ ${source.slice(0, 60)} }}" is not a path like {{ incident.title }}; a template inserts values and computes nothing`;
    }
    parts.push({ path, source });
    at = close + 2;
  }
  if (at < text.length) parts.push(text.slice(at));
  if (parts.length > mostPlaceholders) return `has more than ${mostPlaceholders} templates`;
  return parts;
}

/** `a.b[0]["c d"]` as its keys; `undefined` for what is no path. */
function pathOf(source: string): Path | undefined {
  const keys: string[] = [];
  let rest = source;
  while (rest !== "") {
    const key = (
      keys.length === 0 ? /^([A-Za-z_]\w*)/ : /^(?:\.([A-Za-z_]\w*)|\[(\d{1,6})\]|\["([^"\]]{1,200})"\])/
    ).exec(rest);
    if (key === null) return undefined;
    keys.push(key[1] ?? key[2] ?? key[3] ?? "");
    rest = rest.slice(key[0].length);
  }
  return keys.length > 0 ? keys : undefined;
}

function faultOf(path: Path, scope: Scope): string | undefined {
  let shape: Shape | undefined = scope;
  for (const [index, key] of path.entries()) {
    if (typeof shape !== "object") {
      const isOpen = shape === "dyn" || shape?.startsWith("list<") === true;
      return isOpen ? undefined : `${path.slice(0, index).join(".")} has no fields`;
    }
    if (!Object.hasOwn(shape, key)) {
      const there = Object.keys(shape).slice(0, 30).join(", ");
      return index === 0
        ? `there is no "${key}" here; there are: ${there}`
        : `${path.slice(0, index).join(".")} has no field "${key}"; it has: ${there}`;
    }
    shape = shape[key];
  }
  return undefined;
}
