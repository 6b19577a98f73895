/** Reads playbooks from YAML: every mistake with the line and column where it is. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, parseDocument, visit } from "yaml";
import { messageOf } from "../errors.ts";
import { type Actions, compile, type Place, type Problem } from "./compile.ts";
import { extended } from "./extend.ts";
import { largestPlaybook, longestList, mostMistakes } from "./limits.ts";
import type { Playbook } from "./playbook.ts";

/** A mistake in a playbook, for the person who wrote it. */
export interface Mistake {
  readonly line: number;
  readonly column: number;
  /** Dots into the playbook, `steps.2.condition`; empty where the mistake is in the YAML itself. */
  readonly path: string;
  readonly message: string;
}

export type Parsed = { readonly playbook: Playbook } | { readonly mistakes: readonly Mistake[] };

/** What other playbooks say, to extend them; `undefined` where there is none of that name. */
export type FindRaw = (name: string) => unknown;

/** Reads one playbook. @returns it, or every mistake in it, in the order of its lines */
export function parsePlaybook(text: string, actions: Actions, findRaw: FindRaw = () => undefined): Parsed {
  const read = readYaml(text);
  if ("mistakes" in read) return read;
  const merged = extended(read.value, findRaw);
  if ("message" in merged) return { mistakes: [read.mistake({ place: ["extends"], message: merged.message })] };
  const compiled = compile(merged.definition, actions);
  if ("playbook" in compiled) return compiled;
  const mistakes = compiled.problems.slice(0, mostMistakes).map((problem) => read.mistake(merged.locate(problem)));
  const distinct = new Map(mistakes.map((mistake) => [JSON.stringify(mistake), mistake]));
  return { mistakes: [...distinct.values()].toSorted((a, b) => a.line - b.line || a.column - b.column) };
}

interface Read {
  readonly value: unknown;
  readonly mistake: (problem: Problem) => Mistake;
}

/** Reads YAML to plain values, without anchors that multiply and without keys that reach a prototype. */
export function readYaml(text: string): Read | { readonly mistakes: readonly Mistake[] } {
  if (text.length > largestPlaybook) return only(`a playbook has at most ${largestPlaybook} characters`);
  const lines = new LineCounter();
  // That keys are unique is looked at below: the library compares each with every other one.
  const document = parseDocument(text, {
    lineCounter: lines,
    uniqueKeys: false,
    stringKeys: true,
    prettyErrors: false,
  });
  const at = (offset: number): Pick<Mistake, "line" | "column"> => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.some(({ message }) => /call stack|stack overflow/i.test(message))) return only("it is nested too deep");
  const mistakes: Mistake[] = faults.map(({ pos, message }) => ({ ...at(pos[0]), path: "", message }));
  visit(document, {
    Seq(_, { items, range }) {
      const message = `a list has at most ${longestList} items`;
      if (items.length > longestList) mistakes.push({ ...at(range?.[0] ?? 0), path: "", message });
    },
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        const message = `"${String(key.value)}" stands here twice`;
        if (seen.has(key.value)) mistakes.push({ ...at(key.range?.[0] ?? 0), path: "", message });
        seen.add(key.value);
      }
    },
    Alias(_, node) {
      const message = "aliases are not used in playbooks; put quotes around text that begins with *";
      mistakes.push({ ...at(node.range?.[0] ?? 0), path: "", message });
    },
    Pair(_, { key }) {
      if (!isScalar(key) || !(key.value === "__proto__" || key.value === "constructor" || key.value === "prototype"))
        return;
      mistakes.push({ ...at(key.range?.[0] ?? 0), path: "", message: `"${key.value}" is not a name here` });
    },
  });
  if (mistakes.length > 0) return { mistakes: mistakes.slice(0, mostMistakes) };
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    return only(messageOf(error));
  }

  function mistake({ place, message, at: into, isName = false }: Problem): Mistake {
    return { ...at(offsetOf(document.contents, place, text, { into, isName })), path: place.join("."), message };
  }
  return { value, mistake };
}

function only(message: string): { readonly mistakes: readonly Mistake[] } {
  return { mistakes: [{ line: 1, column: 1, path: "", message }] };
}

/** Where something stands, or the nearest thing around it. */
function offsetOf(
  root: Node | null,
  place: Place,
  text: string,
  { into, isName }: { readonly into: number | undefined; readonly isName: boolean },
): number {
  let node: Node | null | undefined = root;
  let offset = root?.range?.[0] ?? 0;
  for (const [depth, key] of place.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key: each }) => isScalar(each) && each.value === key);
      if (pair === undefined) return offset;
      const isLast = depth === place.length - 1;
      node = pair.value as Node | null;
      // A value is pointed at; where it is the key that is wrong, or has no value, the key is.
      const at = isLast && !isName && isScalar(node) ? node : (pair.key as Node);
      offset = at.range?.[0] ?? offset;
    } else if (isSeq(node)) {
      node = node.items[Number(key)] as Node | undefined;
      offset = node?.range?.[0] ?? offset;
    } else {
      return offset;
    }
    if (isAlias(node)) return offset;
  }
  return into === undefined || !isScalar(node) ? offset : offset + into + inset(node, text);
}

/** How far into what stands in the file its text begins: behind a quote, say. 0 where it is folded or escaped. */
function inset(node: Node & { readonly value: unknown }, text: string): number {
  const [from = 0, to = 0] = node.range ?? [];
  return Math.max(0, text.slice(from, to).indexOf(String(node.value)));
}
