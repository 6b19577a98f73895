/** A bash that stays open from one command to the next, and a gateway started by a command. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { keepLinesOf } from "./logged.ts";

export interface Ran {
  /** Of both streams, as a terminal shows them. */
  readonly output: string;
  readonly ok: boolean;
}

export interface Shell {
  /** Runs commands; after one that fails the shell is closed. */
  readonly run: (commands: string) => Promise<Ran>;
  readonly close: () => Promise<void>;
}

const patienceMs = 90_000;
/** ASCII 30, which no command prints. */
const end = "\x1e";

export function openShell(cwd: string, env: NodeJS.ProcessEnv): Shell {
  const child = spawn("bash", ["--noprofile", "--norc"], { cwd, env, detached: true, stdio: "pipe" });
  child.stdout.setEncoding("utf8");
  child.stdin.on("error", () => {});
  child.stdin.write("set -eu -o pipefail\nexec 2>&1\n");

  return {
    async run(commands) {
      const quoted = `'${commands.replaceAll("'", "'\\''")}'`;
      // Read from an argument, since a command could read the rest of the shell's input.
      child.stdin.write(`eval ${quoted} </dev/null\nprintf '\\036'\n`);
      let output = "";
      const impatience = setTimeout(() => {
        output += `(it did not end within ${patienceMs / 1000} s)\n`;
        signal(child, "SIGKILL");
      }, patienceMs);
      const collect = Promise.withResolvers<boolean>();
      const take = (chunk: string): void => {
        output += chunk;
        if (output.endsWith(end)) collect.resolve(true);
      };
      const fail = (): void => collect.resolve(false);
      child.stdout.on("data", take).on("close", fail);
      const ok = await collect.promise;
      child.stdout.off("data", take).off("close", fail);
      clearTimeout(impatience);
      return { output: output.replace(end, ""), ok };
    },
    close: () => ended(child, "SIGKILL"),
  };
}

export interface StartedGateway {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Runs a command that stays up, such as `npm start`, until the gateway says where it listens. */
export async function startGatewayOf(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<StartedGateway> {
  const child = spawn("bash", ["--noprofile", "--norc", "-c", command], { cwd, env, detached: true, stdio: "pipe" });
  child.stdin.end();
  let output = "";
  const found = Promise.withResolvers<string | undefined>();
  const take = (chunk: Buffer): void => {
    output += chunk.toString();
    const [, logged, told] = /"url":"(http:[^"]+)"| listens at (http:[^;\s]+)/.exec(output) ?? [];
    const url = logged ?? told;
    if (url !== undefined) found.resolve(url);
  };
  child.stdout.on("data", take);
  child.stderr.on("data", take);
  child.on("close", () => {
    keepLinesOf(output);
    found.resolve(undefined);
  });
  const url = await Promise.race([found.promise, pause(patienceMs, undefined, { ref: false })]);
  if (url === undefined) await ended(child, "SIGKILL");
  assert.ok(url !== undefined, `${command.trim()} did not start a gateway:\n${output}`);
  return { url, close: () => ended(child, "SIGTERM") };
}

async function ended(child: ChildProcess, how: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "close");
  signal(child, how);
  await gone;
}

/** To the whole group: `npm start` is npm, a shell and the gateway. */
function signal({ pid }: ChildProcess, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
