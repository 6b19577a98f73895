import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { describe, test } from "node:test";
import { createProgress, type Progress } from "../../../core/cli/progress.ts";
import { redrawnLine, type Stream } from "../../../core/cli/redrawn-line.ts";
import { duration } from "../../../core/cli/text.ts";

interface Shown {
  readonly stream: Stream;
  readonly written: readonly string[];
}

function aStream(terminal: { readonly columns: number } | undefined): Shown {
  const written: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  return { stream: Object.assign(stream, terminal && { isTTY: true, columns: terminal.columns }), written };
}

/** A progress whose clock stands until it is moved. */
function aProgress(terminal?: { readonly columns: number }): Shown & {
  readonly progress: Progress;
  readonly at: (milliseconds: number) => void;
} {
  const shown = aStream(terminal);
  let now = 1_000;
  const progress = createProgress(shown.stream, "Copying", () => now);
  return {
    ...shown,
    progress,
    at: (milliseconds) => {
      now = 1_000 + milliseconds;
    },
  };
}

describe("progress on a terminal", () => {
  test("is a bar that is drawn over itself, and stays in its last state", () => {
    const { progress, written, at } = aProgress({ columns: 120 });
    progress.update(0, 4_000);
    at(2_000);
    progress.update(1_000, 4_000);
    at(8_000);
    progress.update(4_000, 4_000);
    progress.end();
    assert.deepEqual(written, [
      `\r\u001b[2KCopying  [${"░".repeat(24)}]   0%  0 of 4,000  0/s`,
      `\r\u001b[2KCopying  [${"█".repeat(6)}${"░".repeat(18)}]  25%  1,000 of 4,000  500/s  6 s left`,
      `\r\u001b[2KCopying  [${"█".repeat(24)}] 100%  4,000 of 4,000  500/s`,
      `\r\u001b[2KCopying  [${"█".repeat(24)}] 100%  4,000 of 4,000  500/s`,
      "\n",
    ]);
  });

  test("is drawn ten times a second at most", () => {
    const { progress, written, at } = aProgress({ columns: 120 });
    for (let now = 0; now < 1_000; now += 10) {
      at(now);
      progress.update(now, 1_000);
    }
    assert.equal(written.length, 10);
  });

  test("never wraps, however narrow the terminal", () => {
    const { progress, written } = aProgress({ columns: 20 });
    progress.update(1_000_000, 4_000_000);
    assert.equal(written[0]?.replace("\r\u001b[2K", "").length, 19);
  });

  test("of nothing is done", () => {
    const { progress, written } = aProgress({ columns: 120 });
    progress.update(0, 0);
    assert.match(written[0] ?? "", /100% {2}0 of 0/);
  });
});

describe("progress elsewhere", () => {
  test("is a line every five seconds, and one at the end", () => {
    const { progress, written, at } = aProgress();
    for (let now = 0; now <= 12_000; now += 100) {
      at(now);
      progress.update(now / 100, 240);
    }
    progress.end();
    assert.deepEqual(written, [
      "Copying   20%  50 of 240  10/s  19 s left\n",
      "Copying   41%  100 of 240  10/s  14 s left\n",
      "Copying   50%  120 of 240  10/s  12 s left\n",
    ]);
  });

  test("is silent where all of it takes less than that", () => {
    const { progress, written, at } = aProgress();
    progress.update(1, 2);
    at(4_900);
    progress.update(2, 2);
    progress.end();
    assert.deepEqual(written, []);
  });

  test("tells what it has where the end is not known", () => {
    const { progress, written, at } = aProgress();
    at(5_000);
    progress.update(1_200);
    assert.deepEqual(written, ["Copying  1,200  240/s\n"]);
  });
});

test("a line that is drawn over itself ends once, and is a line of its own elsewhere", () => {
  const terminal = aStream({ columns: 0 });
  const line = redrawnLine(terminal.stream);
  line.show("one");
  line.end();
  line.end();
  assert.deepEqual(terminal.written, ["\r\u001b[2Kone", "\n"]);
  const file = aStream(undefined);
  const other = redrawnLine(file.stream);
  other.show("one");
  other.show("two");
  other.end();
  assert.deepEqual(file.written, ["one\n", "two\n"]);
});

test("a duration is told by its two largest parts", () => {
  const told = {
    0: "0 s",
    0.9: "0 s",
    42: "42 s",
    60: "1 min",
    200: "3 min 20 s",
    3600: "1 h",
    3660.5: "1 h 1 min",
    90061: "1 d 1 h",
    8640000: "100 d",
  };
  for (const [seconds, text] of Object.entries(told)) assert.equal(duration(Number(seconds)), text);
});
