/** The lists folder: a text file with an entry on each line, or a CSV whose first column is the entry. */
import { readdir, readFile, stat } from "node:fs/promises";
import { isIP } from "node:net";
import { basename, extname, join } from "node:path";
import { type AddressList, addressList } from "@thruway/sdk";
import { messageOf } from "../errors.ts";
import { refanged } from "./extract.ts";
import type { ListMatch, WatchList } from "./ports.ts";
import { domainOf } from "./sender.ts";

const largestList = 33_554_432;
const mostLists = 200;

/** Reads every list of a folder, by name; a folder that is not there has none. @returns what could not be read besides */
export async function readLists(
  folder: string,
): Promise<{ readonly lists: ReadonlyMap<string, WatchList>; readonly problems: readonly string[] }> {
  const lists = new Map<string, WatchList>();
  const problems: string[] = [];
  for (const file of (await filesIn(folder, [".txt", ".csv"])).slice(0, mostLists)) {
    const name = basename(file, extname(file));
    try {
      if ((await stat(file)).size > largestList) throw new Error(`is larger than ${largestList} bytes`);
      const fault = (message: string): void => void problems.push(`${file}: ${message}`);
      lists.set(name, listOf(await readFile(file, "utf8"), extname(file) === ".csv", fault));
    } catch (error) {
      problems.push(`${file}: ${messageOf(error)}`);
    }
  }
  return { lists, problems };
}

/** The files of a folder with one of these extensions, in the order of their names; none where there is no folder. */
export async function filesIn(folder: string, extensions: readonly string[]): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  // A mounted folder, of Kubernetes say, has links to the files.
  const files = await Promise.all(
    entries
      .filter(({ name }) => extensions.includes(extname(name)))
      .map(async (entry) => {
        const file = join(folder, entry.name);
        const isFile = entry.isSymbolicLink() ? (await stat(file).catch(() => undefined))?.isFile() : entry.isFile();
        return isFile === true ? file : undefined;
      }),
  );
  return files.filter((file) => file !== undefined).toSorted();
}

/**
 * A list of entries. An address is on a network (`198.51.100.0/24`); a name is on itself whatever its case; `*.example.com` is
 * every name below; an e-mail address and a URL are also on their domain (`example.com` or `@example.com`).
 *
 * @param fault is told of an entry that is no network; the others stand
 */
export function listOf(text: string, isCsv: boolean, fault: (message: string) => void = () => {}): WatchList {
  const rows = isCsv ? parseCsv(text) : textRows(text);
  const names = new Map<string, number>();
  const networks: { readonly list: AddressList; readonly row: number }[] = [];
  for (const [index, [given = ""]] of rows.entries()) {
    const entry = refanged(given.trim()).toLowerCase();
    if (entry === "") continue;
    const [address = ""] = entry.split("/");
    if (entry.includes("/") && isIP(address) !== 0) {
      try {
        networks.push({ list: addressList([entry]), row: index });
      } catch (error) {
        fault(messageOf(error));
      }
    } else if (!names.has(keyOf(entry))) names.set(keyOf(entry), index);
  }
  const [head = []] = isCsv ? parseCsv(text.slice(0, 10_000), true) : [];

  function match(value: string, row: number): ListMatch {
    const [entry = "", ...rest] = rows[row] ?? [];
    const columns = Object.fromEntries(rest.map((cell, index) => [head[index + 1] || `column_${index + 2}`, cell]));
    return { value, entry: entry.trim(), columns };
  }

  return {
    find(values) {
      for (const value of values) {
        for (const key of keysOf(value)) {
          const row = names.get(key);
          if (row !== undefined) return match(value, row);
        }
        const network = isIP(value) === 0 ? undefined : networks.find(({ list }) => list.includes(value));
        if (network !== undefined) return match(value, network.row);
      }
      return undefined;
    },
  };
}

function keyOf(entry: string): string {
  return entry.startsWith("@") ? entry.slice(1) : entry;
}

/** Everything that a value may stand under, itself first. */
function keysOf(given: string): readonly string[] {
  const value = refanged(given.trim()).toLowerCase();
  if (value === "") return [];
  if (isIP(value) !== 0) return [value];
  // What is no plain address, two in one say, is on nobody's domain: a stranger must not bring a friend.
  const host = value.includes("@") && !value.includes("://") ? domainOf(value) : hostOf(value);
  if (host === undefined) return [value];
  const labels = host.split(".");
  const above = labels.slice(0, 20).map((_, index) => `*.${labels.slice(index + 1).join(".")}`);
  return [value, host, ...above];
}

function hostOf(value: string): string {
  return /^[a-z]+:\/\//.test(value) && URL.canParse(value) ? new URL(value).hostname : value;
}

function textRows(text: string): readonly (readonly string[])[] {
  return text.split("\n").map((line) => [line.replace(/(^|\s)#.*$/, "").trim()]);
}

/** RFC 4180; the first row is a head. One walk over the text. */
function parseCsv(text: string, onlyHead = false): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  const endRow = (): void => {
    row.push(cell);
    if (row.some((each) => each.trim() !== "")) rows.push(row.map((each) => each.trim()));
    [row, cell] = [[], ""];
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (quoted) {
      if (character !== '"') cell += character;
      else if (text[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"' && cell === "") quoted = true;
    else if (character === ",") {
      row.push(cell);
      cell = "";
    } else if (character === "\n") {
      endRow();
      if (onlyHead && rows.length > 0) break;
    } else if (character !== "\r") cell += character;
  }
  endRow();
  return onlyHead ? rows.slice(0, 1) : rows.slice(1);
}
