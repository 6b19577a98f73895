import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Alert, alertFault, type Ignored, isIgnored } from "../alert.ts";
import { PluginError } from "../errors.ts";
import { parseJson } from "../json.ts";
import type { MapResult, Plugin } from "../plugin.ts";
import { isPointers, type Pointers, pointersFault } from "../pointers.ts";

/** A request body, as bytes, and what it must become. */
export interface Sample {
  readonly name: string;
  readonly body: Uint8Array;
  /** `undefined` where nothing is written down yet. */
  readonly expected: readonly Alert[] | Ignored | Pointers | undefined;
  /** The preset of the source that it is sent to; left out, the source sets none. */
  readonly preset?: string;
}

/** What is made of a payload, in one form. */
export type Made = NonNullable<Sample["expected"]>;

/** The options of the source that a sample is sent to. */
export type SampleOptions = Readonly<Record<string, unknown>>;

/** When samples are received, so that their alerts are the same on every day. */
export const sampleTime = new Date("2026-01-15T10:00:00.000Z");

const ofBody = /^(?<name>.+(?<!\.alerts))\.json$/;
const ofAlerts = /^(?<name>.+)\.alerts\.json$/;

/**
 * Reads the samples of a folder: `x.json` is a body as the vendor sends it, byte for byte; `x.alerts.json` beside it holds the
 * list of alerts that it must become, or `{"ignored": "the reason"}`, or `{"pointers": […], "reason": "the reason"}`. A folder in
 * it is named for a preset of the plugin, and holds the samples of sources with that preset.
 *
 * @throws where the folder is missing
 * @throws {PluginError} for an `x.alerts.json` that is not JSON, or that has no `x.json` beside it
 */
export function readSamples(folder: string): readonly Sample[] {
  const presets = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = presets.map(({ name }) => name).toSorted();
  return [...samplesIn(folder), ...names.flatMap((preset) => presetSamples(folder, preset))];
}

/** The options of the source that a sample is sent to: its preset, and what is given besides. */
export function optionsFor({ preset }: Pick<Sample, "preset">, given: SampleOptions = {}): SampleOptions {
  return preset === undefined ? given : { ...given, preset };
}

function presetSamples(folder: string, preset: string): readonly Sample[] {
  return samplesIn(join(folder, preset)).map((sample) => ({ ...sample, name: `${preset}/${sample.name}`, preset }));
}

function samplesIn(folder: string): readonly Sample[] {
  const files = readdirSync(folder).toSorted();
  const named = (form: RegExp): readonly string[] => files.flatMap((file) => form.exec(file)?.groups?.name ?? []);
  const [bodies, written] = [named(ofBody), named(ofAlerts)];
  const alone = written.find((name) => !bodies.includes(name));
  if (alone !== undefined) throw new PluginError(`${alone}.alerts.json: there is no ${alone}.json beside it`);
  return bodies.map((name) => ({
    name,
    body: readFileSync(join(folder, `${name}.json`)),
    expected: written.includes(name) ? readExpected(folder, alertsFile({ name })) : undefined,
  }));
}

/** The file that a sample's alerts stand in. */
export function alertsFile({ name }: Pick<Sample, "name">): string {
  return `${name}.alerts.json`;
}

function readExpected(folder: string, file: string): Made {
  try {
    return JSON.parse(readFileSync(join(folder, file), "utf8")) as Made;
  } catch (error) {
    if (error instanceof SyntaxError) throw new PluginError(`${file}: is not JSON: ${error.message}`);
    throw error;
  }
}

/**
 * Runs a body through a plugin's schema and mapper, as a source with these options would.
 *
 * @throws what the parser, the schema or the mapper throws
 */
export function mapSample(plugin: Plugin, body: Uint8Array, options: SampleOptions = {}): Made {
  const payload = parseJson(body);
  const { error } = plugin.payload.validate(payload, { convert: false, abortEarly: false });
  if (error) throw error;
  return listed(plugin.map(payload, { source: plugin.name, options, receivedAt: sampleTime }));
}

/** One form for the alert and the list of alerts that a mapper may return. */
export function listed(result: MapResult): Made {
  if (isIgnored(result) || isPointers(result)) return result;
  return Array.isArray(result) ? result : [result as Alert];
}

/** Whether an event is ignored without a word: by an empty list, or by a reason that says nothing. */
export function isSilent(made: Made): boolean {
  return Array.isArray(made) ? made.length === 0 : "ignored" in made && !saysSomething(made.ignored);
}

function saysSomething(reason: unknown): boolean {
  return typeof reason === "string" && reason.trim() !== "";
}

/** As it will be stored: without what JSON does not carry. */
export function plain<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/**
 * What the core would not take from a mapper.
 *
 * @returns the end of a sentence; `undefined` where nothing is wrong
 */
export function resultFault(result: unknown): string | undefined {
  if (typeof result !== "object" || result === null) {
    return "is neither an alert, nor a list of them, nor ignore(…), nor pointers(…)";
  }
  if (isIgnored(result)) {
    return saysSomething(result.ignored) ? undefined : "ignores the event and does not say why";
  }
  const wrong = isPointers(result) ? pointersFault(result) : undefined;
  if (wrong !== undefined) return `points somewhere, and ${wrong}`;
  const alerts = isPointers(result) ? (result.alerts ?? []) : ([result].flat() as readonly Alert[]);
  for (const alert of alerts) {
    const fault = alertFault(alert);
    if (fault !== undefined) return `holds an alert whose ${fault}`;
  }
  return undefined;
}
