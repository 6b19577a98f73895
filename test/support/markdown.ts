/** What a page of the documentation holds: fenced blocks, headings, tables, links. */
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

/** A fenced block: ```` ```bash file=send.sh ```` has the language `bash` and the attribute `file`. */
export interface Block {
  readonly language: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly text: string;
  /** Of its first fence, counted from 1. */
  readonly line: number;
}

/** A heading and what stands under it, up to the next heading of any level. */
export interface Section {
  readonly title: string;
  /** What a link to it ends with. */
  readonly anchor: string;
  readonly text: string;
}

/** The text of a page, by its path from the root of the checkout. */
export function readPage(page: string): Promise<string> {
  return readFile(resolve(root, page), "utf8");
}

const fence = /^( *)(`{3,})(\S*) *(.*)$/;

/** The fenced blocks of a page, in order. @throws for a fence that is never closed */
export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split("\n");
  for (let at = 0; at < lines.length; at++) {
    const [, indent = "", ticks = "", language = "", attributes = ""] = fence.exec(lines[at] ?? "") ?? [];
    if (ticks === "") continue;
    const end = lines.findIndex((line, index) => index > at && line.trim() === ticks);
    if (end < 0) throw new Error(`the block that line ${at + 1} opens is never closed`);
    const inside = lines.slice(at + 1, end).map((line) => line.slice(indent.length));
    blocks.push({ language, attributes: readAttributes(attributes), text: `${inside.join("\n")}\n`, line: at + 1 });
    at = end;
  }
  return blocks;
}

function readAttributes(text: string): ReadonlyMap<string, string> {
  const pairs = text.split(" ").filter((pair) => pair !== "");
  return new Map(pairs.map((pair) => [pair.split("=")[0] ?? "", pair.split("=")[1] ?? ""]));
}

/** The page without its fenced blocks: a `#` in a script is no heading, and a `|` no table. */
export function proseOf(markdown: string): string {
  const lines = markdown.split("\n");
  for (const { line, text } of blocksOf(markdown)) lines.fill("", line - 1, line + text.split("\n").length);
  return lines.join("\n");
}

export function sectionsOf(markdown: string): readonly Section[] {
  const [, ...parts] = proseOf(markdown).split(/^#{1,6} +/m);
  return parts.map((part) => {
    const [title = "", ...rest] = part.split("\n");
    return { title: title.trim(), anchor: anchorOf(title), text: rest.join("\n") };
  });
}

/** As GitHub makes it: lower case, hyphens for spaces, no punctuation. */
function anchorOf(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");
}

/** The cells of every row of every table, without the heads. */
export function rowsOf(markdown: string): readonly (readonly string[])[] {
  const lines = proseOf(markdown).split("\n");
  const isRule = (line: string | undefined): boolean => /^\|[-:| ]+\|$/.test(line ?? "");
  return lines
    .filter((line, index) => line.startsWith("|") && !isRule(line) && !isRule(lines[index + 1]))
    .map((line) => line.slice(1, line.lastIndexOf("|")).split(/(?<!\\)\|/))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll("\\|", "|")));
}

/** The code spans of a text: what stands between single backticks. */
export function codeOf(text: string): readonly string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, code = ""]) => code);
}

/** The targets of the links of a page. */
export function linksOf(markdown: string): readonly string[] {
  return [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target);
}
