/** A real Prometheus, where this machine has one: it scrapes a gateway and answers queries. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { listen } from "../../core/listen.ts";
import { eventually } from "./eventually.ts";
import { root } from "./markdown.ts";
import { missing } from "./page.ts";

/** For a test's `skip`: debian's package `prometheus` has both programs. */
export function without(program: "prometheus" | "promtool"): false | string {
  if (missing(program).length === 0) return false;
  const line = `NOT RUN: this machine has no ${program}; to run it: apt-get install prometheus`;
  process.stderr.write(`${line}\n`);
  return line;
}

export interface Prometheus extends AsyncDisposable {
  /** The value of each series, by its labels. */
  query(expression: string): Promise<readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[]>;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on the shape of what came
  get(path: string): Promise<any>;
}

/** One that scrapes `url` once a second, and has the alerts that ship. */
export async function aPrometheus(url: string): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), "thruway-test-prometheus-"));
  const port = new URL(await freePort()).port;
  const config = {
    global: { scrape_interval: "1s", evaluation_interval: "1s" },
    rule_files: [resolve(root, "deploy/prometheus/alerts.yml")],
    scrape_configs: [{ job_name: "thruway", static_configs: [{ targets: [new URL(url).host] }] }],
  };
  const file = join(folder, "prometheus.yml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify(config));
  const child = spawn(
    "prometheus",
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, "data")}`,
      `--web.listen-address=127.0.0.1:${port}`,
      "--enable-feature=exemplar-storage",
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  const gone = once(child, "exit");

  // biome-ignore lint/suspicious/noExplicitAny: tests assert on the shape of what came
  async function get(path: string): Promise<any> {
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    const answer = (await response.json()) as { readonly data: unknown };
    return answer.data;
  }

  const prometheus: Prometheus = {
    get,
    async query(expression) {
      const { result } = await get(`/api/v1/query?query=${encodeURIComponent(expression)}`);
      return result.map((each: { metric: Record<string, string>; value: [number, string] }) => [
        each.metric,
        Number(each.value[1]),
      ]);
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    await eventually(async () => ((await prometheus.query("up").catch(() => [])).length > 0 ? true : undefined));
  } catch (error) {
    await prometheus[Symbol.asyncDispose]();
    throw error;
  }
  return prometheus;
}

async function freePort(): Promise<string> {
  const server = createServer();
  const url = await listen(server, { host: "127.0.0.1", port: 0 });
  server.close();
  await once(server, "close");
  return url;
}
