/** Servers that run as children of a test process, and end with it, however it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

export interface ChildServer extends AsyncDisposable {
  readonly port: number;
}

const startMs = 60_000;
const stopMs = 10_000;

/**
 * Starts a program that prints the port that it listens on as its first line, and ends when its standard input does. This
 * process does not wait for it: whatever ends this process closes that input.
 *
 * @throws {Error} with what the program wrote, where it ends without a port or says none for a minute
 */
export async function startChild(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ChildServer> {
  const child = spawn(command, args, { env, stdio: ["pipe", "pipe", "pipe"] });
  // It may be gone when its input is closed.
  child.stdin.on("error", () => {});
  const written = lastWords(child.stderr);
  try {
    const port = await firstPort(child, child.stdout, written);
    child.stdout.resume();
    child.unref();
    for (const stream of [child.stdin, child.stdout, child.stderr]) letGo(stream);
    return { port, [Symbol.asyncDispose]: () => stop(child) };
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

async function firstPort(child: ChildProcess, stdout: Readable, written: () => string): Promise<number> {
  const lines = createInterface(stdout);
  const signal = AbortSignal.timeout(startMs);
  try {
    const line = await Promise.race([
      once(lines, "line", { signal }).then(([first]) => String(first)),
      // "close" and not "exit": what it wrote last is read by then. A program that is not there is an "error".
      once(child, "close", { signal }).then(([code, by]) => {
        throw new Error(`it ended (${code ?? by})${written()}`);
      }),
    ]);
    if (/^\d+$/.test(line)) return Number(line);
    throw new Error(`it printed "${line}", not a port`);
  } catch (cause) {
    if (signal.aborted) throw new Error(`it did not listen within ${startMs / 1000} s${written()}`, { cause });
    throw cause;
  } finally {
    lines.close();
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const ended = once(child, "exit");
  const impatience = setTimeout(() => child.kill("SIGKILL"), stopMs);
  child.stdin?.end();
  await ended;
  clearTimeout(impatience);
}

/** The streams of a child are sockets, which keep a process alive. */
function letGo(stream: Readable | Writable): void {
  if (stream instanceof Socket) stream.unref();
}

function lastWords(stderr: Readable): () => string {
  let tail = "";
  stderr.setEncoding("utf8").on("data", (text: string) => {
    tail = (tail + text).slice(-2_000);
  });
  return () => tail.trim() && `: ${tail.trim()}`;
}
