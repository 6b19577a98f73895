/** What a gateway says on `/metrics`, for tests to look into. */
import assert from "node:assert/strict";

/** Values by `name{label="value",…}`, the labels in the order of the alphabet. */
export type Scraped = ReadonlyMap<string, number>;

const sample = /^([a-z0-9_]+)(?:\{(.*?)\})? (\S+)(?: # (.*))?$/;
const openMetrics = "application/openmetrics-text;version=1.0.0";

/** @param accept of the request; left out, it takes anything */
export async function metricsText(url: string, accept?: string, token?: string): Promise<string> {
  const response = await fetch(`${url}/metrics`, {
    headers: { ...(accept && { accept }), ...(token && { authorization: `Bearer ${token}` }) },
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return text;
}

export async function openMetricsText(url: string): Promise<string> {
  return metricsText(url, openMetrics);
}

export async function scrape(url: string): Promise<Scraped> {
  return readMetrics(await metricsText(url));
}

/** @throws {AssertionError} for a line that is none of the format, and for a series that is there twice */
export function readMetrics(text: string): Scraped {
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [, name = "", labels = "", value] = sample.exec(line) ?? [];
    assert.notEqual(value, undefined, line);
    const pairs = labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? [];
    const key = pairs.length === 0 ? name : `${name}{${pairs.toSorted().join(",")}}`;
    assert.ok(!values.has(key), `${key} is there twice`);
    values.set(key, Number(value));
  }
  return values;
}

/** The series of a metric that are not zero, by their labels. */
export function seriesOf(scraped: Scraped, name: string): Readonly<Record<string, number>> {
  const found = [...scraped].filter(([key, value]) => value !== 0 && (key === name || key.startsWith(`${name}{`)));
  return Object.fromEntries(found.map(([key, value]) => [key.slice(name.length), value]));
}
