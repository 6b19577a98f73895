import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { logFile, logNumbers, openLogFiles } from "../../../../core/telemetry/log-files.ts";
import { aFolder } from "../../../support/gateway-process.ts";

function line(writer: number, count: number): string {
  return `${JSON.stringify({ writer, count, filler: "x".repeat(200 + (count % 7) * 100) })}\n`;
}

async function linesIn(folder: string): Promise<readonly { readonly writer: number; readonly count: number }[]> {
  const texts = await Promise.all(
    (await logNumbers(folder)).map((number) => readFile(logFile(folder, number), "utf8")),
  );
  return texts.flatMap((text) => text.split("\n").slice(0, -1)).map((each) => JSON.parse(each));
}

const never = (problem: string): void => assert.fail(problem);

describe("the files of the log", () => {
  test("take what several write at once, each line whole and in the order of its writer", async () => {
    await using folder = await aFolder();
    const options = { folder: join(folder.path, "logs"), maxBytes: 20_000, files: 10_000 };
    const writers = [0, 1, 2, 3].map(() => openLogFiles(options, never));
    for (let count = 0; count < 300; count++) {
      for (const [writer, files] of writers.entries()) files.write(line(writer, count));
      if (count % 10 === 0) await Promise.race(writers.map((files) => files.flush()));
    }
    await Promise.all(writers.map((files) => files.close()));
    const lines = await linesIn(options.folder);
    for (const writer of writers.keys()) {
      const counts = lines.filter((each) => each.writer === writer).map(({ count }) => count);
      assert.deepEqual(
        counts,
        Array.from({ length: 300 }, (_, count) => count),
      );
    }
    assert.ok((await logNumbers(options.folder)).length > 10);
  });

  test("are so many and so long as was said, though their writers come and go", async () => {
    await using folder = await aFolder();
    const options = { folder: folder.path, maxBytes: 10_000, files: 3 };
    for (let writer = 0; writer < 30; writer++) {
      const files = openLogFiles(options, never);
      for (let count = 0; count < 10; count++) files.write(line(writer, count));
      await files.close();
    }
    const numbers = await logNumbers(folder.path);
    assert.equal(numbers.length, 3);
    for (const number of numbers) assert.ok((await stat(logFile(folder.path, number))).size < 20_000);
    assert.equal((await linesIn(folder.path)).at(-1)?.writer, 29);
  });

  test("are for nobody else", async () => {
    await using folder = await aFolder();
    const options = { folder: join(folder.path, "logs"), maxBytes: 10_000, files: 3 };
    const files = openLogFiles(options, never);
    files.write(line(0, 0));
    await files.close();
    assert.equal((await stat(options.folder)).mode & 0o777, 0o700);
    assert.equal((await stat(logFile(options.folder, 1))).mode & 0o777, 0o600);
  });

  test("are made anew where somebody removed them", async () => {
    await using folder = await aFolder();
    const options = { folder: join(folder.path, "logs"), maxBytes: 10_000, files: 3 };
    const files = openLogFiles(options, never);
    files.write(line(0, 0));
    await files.flush();
    await rm(options.folder, { recursive: true });
    files.write(line(0, 1));
    await files.close();
    assert.deepEqual(
      (await linesIn(options.folder)).map(({ count }) => count),
      [1],
    );
  });

  test("that cannot be written are complained of once, until they can, and hold up nobody", async () => {
    await using folder = await aFolder();
    const options = { folder: join(folder.path, "logs"), maxBytes: 10_000, files: 3 };
    await writeFile(options.folder, "in the way");
    const problems: string[] = [];
    const files = openLogFiles(options, (problem) => problems.push(problem));
    for (let count = 0; count < 5; count++) {
      files.write(line(0, count));
      await files.flush();
    }
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /EEXIST|ENOTDIR/);
    await rm(options.folder);
    files.write(line(0, 5));
    await files.close();
    assert.deepEqual(
      (await linesIn(options.folder)).map(({ count }) => count),
      [5],
    );
  });

  test("lose lines, and bound what waits, where more comes than a disk takes", async () => {
    await using folder = await aFolder();
    const problems: string[] = [];
    const files = openLogFiles({ folder: folder.path, maxBytes: 1e9, files: 3 }, (problem) => problems.push(problem));
    const long = `${JSON.stringify({ filler: "x".repeat(100_000) })}\n`;
    for (let count = 0; count < 100; count++) files.write(long);
    await files.close();
    assert.deepEqual(problems, ["the disk is too slow, lines are left out"]);
    const kept = (await linesIn(folder.path)).length;
    assert.ok(kept > 30 && kept < 50, String(kept));
  });

  test("have what a process logged that ended by an error", async () => {
    await using folder = await aFolder();
    const module = JSON.stringify(join(import.meta.dirname, "../../../../core/telemetry/log-files.ts"));
    const script = `import { openLogFiles } from ${module};
      openLogFiles({ folder: ${JSON.stringify(folder.path)}, maxBytes: 1e6, files: 2 }, console.error).write('{"count":1}\\n');
      throw new Error("a bug");`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script], { stdio: "ignore" });
    const [code] = await once(child, "exit");
    assert.equal(code, 1);
    assert.deepEqual(await linesIn(folder.path), [{ count: 1 }]);
  });

  test("that may not be written are complained of", {
    skip: process.getuid?.() === 0 && "root may write everywhere",
  }, async () => {
    await using folder = await aFolder();
    const read = join(folder.path, "read-only");
    await mkdir(read);
    await chmod(read, 0o500);
    const problems: string[] = [];
    const files = openLogFiles({ folder: read, maxBytes: 10_000, files: 3 }, (problem) => problems.push(problem));
    files.write(line(0, 0));
    await files.close();
    assert.match(problems.join(), /EACCES/);
  });
});
