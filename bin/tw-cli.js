#!/usr/bin/env node
// Starts the command line on the Node that it needs. Plain JavaScript, so that an old Node can read it.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const needed = "24.18";

function isEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  const [neededMajor, neededMinor] = needed.split(".").map(Number);
  return major > neededMajor || (major === neededMajor && minor >= neededMinor);
}

/** The Node that the checkout pins, where it is installed and new enough. */
function pinnedNode() {
  const require = createRequire(import.meta.url);
  try {
    const manifest = require.resolve(`node-${process.platform}-${process.arch}/package.json`);
    return isEnough(require(manifest).version) ? join(dirname(manifest), "bin", "node") : undefined;
  } catch {
    return undefined;
  }
}

function runWith(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], { stdio: "inherit" });
  const forward = (signal) => child.kill(signal);
  for (const signal of ["SIGTERM", "SIGHUP", "SIGUSR2"]) process.on(signal, forward);
  // A terminal sends Ctrl-C to both; a second one would cut the child's clean stop short.
  process.on("SIGINT", process.stdin.isTTY ? () => {} : forward);
  child.on("error", (error) => {
    console.error(`error: ${node} cannot be run: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

if (isEnough(process.versions.node)) {
  const { main } = await import("../core/cli/main.ts");
  await main(process.argv);
} else {
  const node = pinnedNode();
  if (node === undefined) {
    console.error(
      `error: tw-cli needs Node ${needed} or later and this is ${process.versions.node}; install a newer Node, or run "npm install" in ${join(import.meta.dirname ?? ".", "..")}`,
    );
    process.exit(1);
  }
  runWith(node);
}
