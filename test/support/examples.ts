/** Requests and answers that a page shows: each block of `bash` is run, and the block of `http` behind it is what curl must get. */
import assert, { AssertionError } from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../../core/errors.ts";
import { type Block, blocksOf } from "./markdown.ts";
import type { Shell } from "./shell.ts";

export interface Example {
  readonly command: Block;
  /** Absent where the page shows none; then every request of the command must succeed. */
  readonly answer: Block | undefined;
}

export function examplesOf(markdown: string): readonly Example[] {
  const blocks = blocksOf(markdown);
  return blocks.flatMap((command, index) => {
    if (command.language !== "bash") return [];
    const next = blocks[index + 1];
    return [{ command, answer: next?.language === "http" ? next : undefined }];
  });
}

/** Ids as the page writes them, and what they are in this run. */
export type Ids = Map<string, string>;

const patienceMs = 5_000;

/**
 * Runs an example in a shell whose `curl` prints heads. What is read may take its time to appear.
 *
 * @throws {AssertionError} where the answer is another than the page shows
 */
export async function tryExample({ command, answer }: Example, shell: Shell, url: string, ids: Ids): Promise<void> {
  const year = new Date().getUTCFullYear();
  const meant = command.text
    .replaceAll("http://localhost:8080", url)
    .replaceAll("INC-2026-", `INC-${year}-`)
    .replaceAll(uuid, (id) => ids.get(id) ?? id);
  const reads = !/\s(-X|-d|--data-binary)\s/.test(command.text);
  const giveUp = Date.now() + patienceMs;
  for (;;) {
    const { output, ok } = await shell.run(meant);
    assert.ok(ok, `line ${command.line} failed: ${output}`);
    const got = new Map(ids);
    try {
      if (answer === undefined) assertSuccess(output);
      else assertSame(readAnswer(answer.text), readAnswer(output), got);
    } catch (error) {
      if (reads && Date.now() < giveUp) {
        await delay(50);
        continue;
      }
      throw new AssertionError({ message: `line ${answer?.line ?? command.line}: ${messageOf(error)}\n${output}` });
    }
    for (const [shown, real] of got) ids.set(shown, real);
    return;
  }
}

function assertSuccess(output: string): void {
  const statuses = [...output.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
  assert.ok(
    statuses.every((status) => status < 300),
    output,
  );
}

interface Answer {
  readonly status: string;
  readonly headers: readonly string[];
  readonly body: unknown;
}

function readAnswer(text: string): Answer {
  const [head = "", body = ""] = text
    .replaceAll("\r\n", "\n")
    .trim()
    .split(/\n\n(.*)/s);
  const [status = "", ...headers] = head.split("\n");
  return {
    status,
    headers: headers.map((header) => header.toLowerCase()),
    body: body === "" ? null : head.includes("content-type: text/plain") ? body.split("\n") : JSON.parse(body),
  };
}

function assertSame(shown: Answer, real: Answer, ids: Ids): void {
  assert.equal(real.status, shown.status);
  for (const header of shown.headers) assert.ok(real.headers.includes(header), `there is no header ${header}`);
  assertAlike(shown.body, real.body, "body", ids);
}

/** Stands for what a page leaves out: as the name of a field, or as the last entry of a list. */
const rest = "…";

/** Equal but for what differs from run to run: ids, times, durations, the year of a number, the version of curl. */
function assertAlike(shown: unknown, real: unknown, path: string, ids: Ids): void {
  if (typeof shown === "object" && shown !== null) {
    assert.ok(typeof real === "object" && real !== null, `${path} is ${JSON.stringify(real)}`);
    const fields = Object.entries(shown).filter(([key, value]) => key !== rest && value !== rest);
    if (fields.length === Object.keys(shown).length) {
      assert.deepEqual(Object.keys(real).toSorted(), Object.keys(shown).toSorted(), `${path} has other fields`);
    }
    for (const [key, value] of fields) {
      assertAlike(value, (real as Record<string, unknown>)[key], `${path}.${key}`, ids);
    }
    return;
  }
  if (/[._]ms$/.test(path)) {
    assert.equal(typeof real, "number", path);
  } else if (typeof shown === "string" && typeof real === "string") {
    assert.equal(steady(real), steady(renamed(shown, real, ids)), path);
  } else {
    assert.equal(real, shown, path);
  }
}

/** The text with the ids of this run; one that is seen for the first time is the one that stands in its place. */
function renamed(shown: string, real: string, ids: Ids): string {
  const standing = real.match(uuid) ?? [];
  return shown.replaceAll(uuid, (id, at: number) => {
    const known = ids.get(id) ?? standing.find((each) => real.indexOf(each) === at) ?? id;
    ids.set(id, known);
    return known;
  });
}

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

function steady(text: string): string {
  return text
    .replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g, "<time>")
    .replaceAll(/INC-\d{4}-/g, "INC-<year>-")
    .replace(/^curl\/.*/, "curl");
}
