import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import type { Command } from "commander";
import { parse } from "yaml";
import { createProgram } from "../../core/cli/main.ts";
import { createOutput } from "../../core/cli/output.ts";
import { metricOf, metrics } from "../../core/telemetry/metrics.ts";
import { aGateway } from "../support/gateway.ts";
import { aFolder } from "../support/gateway-process.ts";
import { blocksOf, codeOf, readPage, root, rowsOf, sectionsOf } from "../support/markdown.ts";
import { without } from "../support/prometheus.ts";
import { readExpression } from "../support/promql.ts";
import { metricsText } from "../support/scrape.ts";

const run = promisify(execFile);
const folder = resolve(root, "deploy/prometheus");
const text = await readPage("docs/operations.md");
const page = sectionsOf(text);

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

const rules: readonly Rule[] = parse(await readPage("deploy/prometheus/alerts.yml")).groups[0].rules;
const tried: readonly {
  readonly alert_rule_test: readonly [{ readonly alertname: string; readonly exp_alerts: readonly unknown[] }];
}[] = parse(await readPage("deploy/prometheus/alerts.test.yml")).tests;

interface Panel {
  readonly type: string;
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard: {
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly { readonly name: string; readonly type: string; readonly definition?: string }[];
  };
} = JSON.parse(await readPage("deploy/grafana/thruway.json"));

/** What Prometheus adds to every series, and the metric that it makes of each scrape. */
const added = ["job", "instance"];
const ofPrometheus = new Set(["up"]);

/** What an expression asks for that there is not. */
function strangers(expression: string): readonly string[] {
  const { metrics: named, grouped } = readExpression(expression);
  const there = new Set([...added, "le"]);
  const found: string[] = [];
  for (const { metric, labels } of named) {
    if (ofPrometheus.has(metric)) continue;
    const base = metric.replace(/_(bucket|sum|count)$/, "");
    const known = metricOf(metric) ?? (metricOf(base)?.type === "histogram" ? metricOf(base) : undefined);
    if (known === undefined || (known.type === "histogram" && base === metric)) {
      found.push(metric);
      continue;
    }
    for (const label of known.labels) there.add(label);
    const own = [...added, ...known.labels, ...(metric.endsWith("_bucket") ? ["le"] : [])];
    found.push(...labels.filter((label) => !own.includes(label)).map((label) => `${metric}{${label}}`));
  }
  return [...found, ...grouped.filter((label) => !there.has(label))];
}

/** @throws {AssertionError} for a command, or an option, that `tw-cli` does not have */
function assertCommand(line: string): void {
  const { env, stdin, stdout, stderr } = process;
  let command: Command = createProgram({ env, stdin, out: createOutput(stdout, stderr), now: () => new Date() });
  for (const word of line.split(" ").slice(1)) {
    if (word.startsWith("--")) {
      assert.ok(
        command.options.some(({ long }) => long === word),
        `${line}: ${word}`,
      );
    }
    command = command.commands.find((each) => each.name() === word) ?? command;
  }
  assert.equal(command.commands.length, 0, line);
}

test("every metric stands on the page with its type, labels and meaning, and no other does", () => {
  const section = page.find(({ title }) => title === "Metrics");
  assert.deepEqual(
    rowsOf(section?.text ?? "").map(([name = "", type, labels = "", help]) => [
      codeOf(name)[0],
      type,
      codeOf(labels),
      help,
    ]),
    Object.entries(metrics).map(([name, { type, labels, help }]) => [name, type, [...labels], help]),
  );
});

test("what is not there is found out, be it a metric, a label or a label to group by", () => {
  assert.deepEqual(strangers('sum by (playbook) (rate(webhook_received_total{code="a"}[5m])) / nothing_total'), [
    "webhook_received_total{code}",
    "nothing_total",
    "playbook",
  ]);
  assert.deepEqual(strangers("rate(webhook_processing_seconds[5m])"), ["webhook_processing_seconds"]);
});

describe("an alert", () => {
  for (const { alert, expr, labels, annotations } of rules) {
    test(`${alert} asks for metrics and labels that there are, and leads to what to do`, () => {
      assert.deepEqual(strangers(expr), []);
      assert.match(labels.severity ?? "", /^(critical|warning)$/);
      assert.ok(annotations.summary && annotations.description);
      const entry = page.find(({ title }) => title === alert);
      assert.ok(entry, `docs/operations.md has no entry ${alert}`);
      assert.equal(annotations.runbook_url, `docs/operations.md#${entry.anchor}`);
      assert.match(entry.text, /\S/);
    });

    test(`${alert} is tried for what it is for, and for what only looks like it`, () => {
      const tests = tried.filter(({ alert_rule_test: [{ alertname }] }) => alertname === alert);
      const fires = tests.map(({ alert_rule_test: [{ exp_alerts: expected }] }) => expected.length > 0);
      assert.deepEqual(fires, [true, false]);
    });
  }

  for (const { alert } of rules) {
    test(`${alert} names commands that there are`, () => {
      const [, entry = ""] = text.split(`\n### ${alert}\n`);
      const [block] = blocksOf(entry);
      const commands = block?.text.trim().split("\n") ?? [];
      assert.ok(commands.length > 0);
      for (const line of commands.filter((each) => each.startsWith("tw-cli "))) assertCommand(line);
    });
  }

  test("has an entry on the page, and nothing else has", () => {
    const entries = page.map(({ title }) => title).filter((title) => /^Thruway[A-Z]/.test(title));
    assert.deepEqual(
      entries,
      rules.map(({ alert }) => alert),
    );
  });
});

describe("promtool", { skip: without("promtool") }, () => {
  const promtool = async (...words: readonly string[]): Promise<string> =>
    (await run("promtool", words, { cwd: folder })).stdout;

  test("takes the alerts and the example of a configuration", async () => {
    assert.match(await promtool("check", "rules", "alerts.yml"), new RegExp(`SUCCESS: ${rules.length} rules found`));
    assert.match(await promtool("check", "config", "prometheus.yml"), /SUCCESS/);
  });

  test("can read every query of the dashboard", async () => {
    await using place = await aFolder();
    const queries = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
    const meant = queries.map((expr) => expr.replaceAll("$__rate_interval", "1m").replaceAll(/\$\w+/g, ".*"));
    const rules = meant.map((expr, n) => ({ record: `query_${n}`, expr }));
    const file = join(place.path, "queries.yml");
    // JSON is YAML.
    await writeFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
    assert.match(await promtool("check", "rules", file), new RegExp(`SUCCESS: ${queries.length} rules found`));
  });

  test("finds nothing to mend in what a gateway says", async () => {
    await using gateway = await aGateway();
    await gateway.send("nobody", "{}");
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], {
      input: await metricsText(gateway.url),
      encoding: "utf8",
    });
    assert.deepEqual([status, stdout, stderr], [0, "", ""]);
  });

  test("finds that each alert fires when it should, and only then", async () => {
    assert.match(await promtool("test", "rules", "alerts.test.yml"), /SUCCESS/);
  });
});

describe("the dashboard", () => {
  for (const { title, type, targets = [] } of dashboard.panels) {
    if (type === "row") continue;
    test(`asks for metrics and labels that there are: ${title}`, () => {
      assert.ok(targets.length > 0);
      for (const { expr } of targets) assert.deepEqual(strangers(expr), [], expr);
    });
  }

  test("lets its reader choose a source by a label that there is", () => {
    const { definition = "" } = dashboard.templating.list.find(({ name }) => name === "source") ?? {};
    const [, metric = "", label = ""] = /^label_values\((\w+), (\w+)\)$/.exec(definition) ?? [];
    assert.ok(metricOf(metric)?.labels.includes(label), definition);
  });

  test("has a row for each part of the gateway", () => {
    const titles = dashboard.panels.filter(({ type }) => type === "row").map(({ title }) => title);
    assert.deepEqual(titles, ["Intake", "Refusals", "Latency", "Queue and spool", "Store", "Process"]);
  });
});
