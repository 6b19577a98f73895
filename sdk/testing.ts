import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Alert, alertFault, type Ignored, isIgnored } from "./alert.ts";
import { type Delivery, queryOf } from "./delivery.ts";
import { parseJson } from "./json.ts";
import type { MapResult, Plugin } from "./plugin.ts";
import { isPointers, type Pointers, pointersFault } from "./pointers.ts";
import { canSign, type Draft, type SignatureScheme, type Signed } from "./signature/scheme.ts";

/** A request body, as bytes, and what it must become. */
export interface Sample {
  readonly name: string;
  readonly body: Uint8Array;
  readonly expected: readonly Alert[] | Ignored | Pointers;
  /** The preset of the source that it is sent to; left out, the source sets nothing. */
  readonly preset?: string;
}

/** One named check; `run` throws an AssertionError that says what is wrong. Hand them to any test runner. */
export interface Check {
  readonly name: string;
  readonly run: () => void;
}

/** When samples are received, so that their alerts are the same on every day. */
export const sampleTime = new Date("2026-01-15T10:00:00.000Z");

/**
 * Reads the samples of a folder: `x.json` is a body as the vendor sends it, byte for byte; `x.alerts.json` beside it holds the
 * list of alerts that it must become, or `{"ignored": "the reason"}`, or `{"pointers": […], "reason": "the reason"}`. A folder in
 * it is named for a preset of the plugin, and holds the samples of sources with that preset.
 *
 * @throws where the folder or one of a pair is missing
 */
export function readSamples(folder: string): readonly Sample[] {
  const presets = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const names = presets.map(({ name }) => name).toSorted();
  return [...samplesIn(folder), ...names.flatMap((preset) => presetSamples(folder, preset))];
}

export type SampleOptions = Readonly<Record<string, unknown>>;

/** The options of the source that a sample is sent to. */
export function optionsFor({ preset }: Pick<Sample, "preset">): SampleOptions {
  return preset === undefined ? {} : { preset };
}

function presetSamples(folder: string, preset: string): readonly Sample[] {
  return samplesIn(join(folder, preset)).map((sample) => ({ ...sample, name: `${preset}/${sample.name}`, preset }));
}

function samplesIn(folder: string): readonly Sample[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(".json") && !file.endsWith(".alerts.json"))
    .toSorted()
    .map((file) => {
      const name = file.slice(0, -".json".length);
      const expected: unknown = JSON.parse(readFileSync(join(folder, `${name}.alerts.json`), "utf8"));
      return { name, body: readFileSync(join(folder, file)), expected: expected as Sample["expected"] };
    });
}

/** Runs a body through a plugin's schema and mapper, as a source with these options would. */
export function mapSample(plugin: Plugin, body: Uint8Array, options: SampleOptions = {}): Sample["expected"] {
  const payload = parseJson(body);
  const { error } = plugin.payload.validate(payload, { convert: false, abortEarly: false });
  if (error) throw error;
  return listed(plugin.map(payload, { source: plugin.name, options, receivedAt: sampleTime }));
}

/** One form for the alert and the list of alerts that a mapper may return. */
export function listed(result: MapResult): Sample["expected"] {
  if (isIgnored(result) || isPointers(result)) return result;
  return Array.isArray(result) ? result : [result as Alert];
}

/**
 * The checks that every plugin passes: each sample becomes its alerts, the same ones twice, unchanged itself; a signed sample
 * verifies; a flipped byte, a missing signature and a wrong secret do not; a second active secret does.
 */
export function checks(plugin: Plugin, samples: readonly Sample[]): readonly Check[] {
  const found: Check[] = [
    {
      name: "has at least one sample",
      run: () => assert.ok(samples.length > 0, `${plugin.name} has no sample`),
    },
  ];
  for (const sample of samples) {
    const options = optionsFor(sample);
    const scheme = plugin.signature(options);
    const secret = written("throw-away-secret-for-checks-only-0123456789", scheme);
    const other = written("another-throw-away-secret-for-checks-9876543210", scheme);
    const draft: Draft = { url: `/api/webhooks/${plugin.name}`, body: sample.body };
    const verifies = (delivery: Delivery, ...secrets: readonly string[]): boolean => {
      const said = scheme.verify(delivery, { secrets, allowUnsigned: false });
      assert.ok(!(said instanceof Promise), "a signed sample makes the scheme fetch something");
      return said.verified;
    };

    found.push(
      {
        name: `${sample.name}: becomes the alerts beside it`,
        run: () => {
          const alerts = mapSample(plugin, sample.body, options);
          assert.deepEqual(plain(alerts), sample.expected);
          for (const fault of faultsOf(alerts)) assert.equal(fault, undefined);
        },
      },
      {
        name: `${sample.name}: is mapped the same way twice and left as it was`,
        run: () => {
          const payload = parseJson(sample.body);
          const before = structuredClone(payload);
          const map = (): MapResult => plugin.map(payload, { source: plugin.name, options, receivedAt: sampleTime });
          assert.deepEqual(map(), map());
          assert.deepEqual(payload, before);
        },
      },
      {
        name: `${sample.name}: fits the plugin`,
        run: () => assert.ok(plugin.fits(parseJson(sample.body)) > 0, "fits() says 0"),
      },
    );
    const signs = scheme.sign(draft, secret, sampleTime);
    if (!canSign(scheme, secret)) continue;
    if (signs.url === draft.url && Object.keys(signs.headers).length === 0) continue;
    found.push({
      name: `${sample.name}: verifies when signed, with either of two secrets, and not otherwise`,
      run: () => {
        const good = delivered(draft, scheme.sign(draft, secret, sampleTime));
        assert.ok(verifies(good, secret), "the signed sample does not verify");
        assert.ok(verifies(good, other, secret), "a second active secret does not verify");
        assert.ok(!verifies(good, other), "a wrong secret verifies");
        assert.ok(!verifies(delivered(draft, { url: draft.url, headers: {} }), secret), "an unsigned sample verifies");
        const flipped = Uint8Array.from(sample.body, (byte, index) => (index === 0 ? byte ^ 1 : byte));
        assert.ok(!scheme.provesBody || !verifies({ ...good, body: flipped }, secret), "a flipped byte verifies");
      },
    });
  }
  return found;
}

/** A delivery as a scheme would see it, of a draft and what the scheme added to it. */
export function delivered(draft: Draft, signed: Signed, receivedAt: Date = sampleTime): Delivery {
  return {
    method: "POST",
    url: signed.url,
    query: queryOf(signed.url),
    headers: Object.fromEntries(Object.entries(signed.headers).map(([name, value]) => [name, [value]])),
    body: draft.body,
    receivedAt,
    address: "192.0.2.1",
    proxied: false,
  };
}

/** What the core would refuse to store. */
function faultsOf(result: Sample["expected"]): readonly (string | undefined)[] {
  if (isIgnored(result)) return [];
  if (isPointers(result)) return [pointersFault(result), ...(result.alerts ?? []).map(alertFault)];
  return result.map(alertFault);
}

/** The secret as the scheme wants it written. */
function written(secret: string, scheme: SignatureScheme): string {
  const encoded = Buffer.from(secret).toString("base64");
  const forms = [secret, `whsec_${encoded}`, encoded];
  return forms.find((form) => scheme.secretProblem?.(form) === undefined) ?? secret;
}

/** As it will be stored: without what JSON does not carry. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
