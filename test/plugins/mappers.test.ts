import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { type Alert, alertFault, isIgnored, isPointers, type Plugin, parseJson, pointersFault } from "@thruway/sdk";
import { listed, readSamples, sampleTime } from "@thruway/sdk/testing";
import * as fc from "fast-check";
import { draftOf } from "../../core/incidents/draft.ts";
import { loadPlugins } from "../../core/registry/plugins.ts";

const root = join(import.meta.dirname, "../..");
const plugins = await loadPlugins(join(root, "plugins.json"));
const made = { id: "id", at: sampleTime.toISOString(), receivedAt: sampleTime.toISOString() };

type Json = ReturnType<typeof JSON.parse>;

/** What stands in a field that a mapper did not expect to find it in. */
const strange = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    4.5,
    1e308,
    2 ** 53,
    "",
    " ",
    "N/A",
    "unknownFutureValue",
    "18446744073709551615",
    "99999999999999999999999999",
    "2026-02-30T25:61:61Z",
    "0001-01-01T00:00:00Z",
    "javascript:alert(1)",
    "https://\ud83d",
    "\ud83d lone",
    "x".repeat(20_000),
    "a\0b",
    "[",
    '{"a":',
    '{"__proto__":{"polluted":true}}',
    "constructor",
    [],
    {},
    [[]],
    [null, "", 5, {}],
    [{ Key: "new_state" }],
  ),
  fc.constant(JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}') as unknown),
  fc.constant(JSON.parse(`${'{"a":['.repeat(31)}1${"]}".repeat(31)}`) as unknown),
  fc.jsonValue(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n }).map(String),
  fc.integer({ min: 0, max: 2 ** 53 - 1 }),
);

interface Edit {
  /** Which of the fields, counted through the whole payload. */
  readonly place: number;
  readonly how: "replace" | "drop" | "wrap" | "repeat";
  readonly value: unknown;
}

const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({ place: fc.nat(), how: fc.constantFrom("replace", "replace", "drop", "wrap", "repeat"), value: strange }),
  { minLength: 1, maxLength: 5 },
);

/** Every field of a payload, with what holds it. */
function fieldsOf(holder: Json, found: [Json, string][] = []): [Json, string][] {
  for (const key of Object.keys(holder)) {
    found.push([holder, key]);
    if (holder[key] !== null && typeof holder[key] === "object") fieldsOf(holder[key], found);
  }
  return found;
}

function edited(payload: Json, all: readonly Edit[]): unknown {
  const holder = { payload: structuredClone(payload) };
  for (const { place, how, value } of all) {
    const fields = fieldsOf(holder);
    const [parent, key] = fields[place % fields.length] ?? [holder, "payload"];
    if (how === "drop" && Array.isArray(parent)) parent.splice(Number(key), 1);
    else if (how === "drop") delete parent[key];
    else if (how === "wrap") parent[key] = [parent[key]];
    else if (how === "repeat" && Array.isArray(parent)) parent.push(structuredClone(parent[Number(key)]));
    else parent[key] = structuredClone(value);
  }
  // As it could have come: without what JSON does not know.
  return JSON.parse(JSON.stringify(holder.payload ?? null));
}

/** Whatever comes, it is refused by the schema or by a PayloadError, or becomes alerts that can be stored. */
function assertMapped(plugin: Plugin, payload: unknown): void {
  const fit = plugin.fits(payload);
  assert.ok(fit >= 0 && fit <= 1, `fits() says ${fit}`);
  if (plugin.payload.validate(payload, { convert: false }).error !== undefined) return;
  const id = plugin.eventId(payload, {});
  assert.ok(id === undefined || typeof id === "string", `eventId() says ${typeof id}`);
  const before = structuredClone(payload);
  const first = mapped(plugin, payload);
  assert.deepEqual(mapped(plugin, payload), first, "the same payload gives the same alerts");
  assert.deepEqual(payload, before, "the payload is left as it was");
  for (const alert of first) {
    assert.equal(alertFault(alert), undefined);
    const settings = { source: "s", plugin: plugin.name, severityMapping: {}, defaultSeverity: "medium" } as const;
    const draft = draftOf(alert, settings, made);
    assert.ok(JSON.stringify(draft).isWellFormed());
    assert.ok(draft.title.trim() !== "" && draft.type !== "", "there is something to read");
    assert.ok(draft.first_seen_at <= draft.last_seen_at);
    assert.ok(draft.url === null || /^https?:/.test(draft.url), "a link leads to a page");
  }
  assert.equal(({} as Json).polluted, undefined);
}

function mapped(plugin: Plugin, payload: unknown): readonly Alert[] {
  try {
    if (plugin.payload.validate(payload, { convert: false }).error !== undefined) return [];
    const result = listed(plugin.map(payload, { source: plugin.name, options: {}, receivedAt: sampleTime }));
    if (isIgnored(result)) {
      assert.ok(typeof result.ignored === "string" && result.ignored !== "" && result.ignored.length < 300);
      return [];
    }
    if (!isPointers(result)) return result;
    assert.equal(pointersFault(result), undefined);
    return result.alerts ?? [];
  } catch (error) {
    assert.ok(error instanceof Error);
    assert.equal(error.name, "PayloadError", error.stack);
    assert.ok(error.message.length < 1_000, "a message is a sentence");
    return [];
  }
}

for (const plugin of plugins.all) {
  const samples = readSamples(join(root, "plugins", plugin.name, "samples")).map(({ body }) => parseJson(body));

  describe(`the mapper of ${plugin.name}`, () => {
    test("makes sound alerts, or a PayloadError, of samples that somebody tampered with", () => {
      fc.assert(
        fc.property(fc.constantFrom(...samples), edits, (sample, all) => assertMapped(plugin, edited(sample, all))),
        { numRuns: 400 },
      );
    });

    test("makes sound alerts, or a PayloadError, of parts of two samples put together", () => {
      const some = fc.constantFrom(...samples).filter((sample) => !Array.isArray(sample));
      fc.assert(
        fc.property(some, some, (one, other) => {
          assertMapped(plugin, { ...(one as object), ...(other as object) });
          assertMapped(plugin, [one, other]);
          assertMapped(plugin, { value: [one, other] });
        }),
        { numRuns: 100 },
      );
    });

    test("makes sound alerts, or a PayloadError, of a field as large as a body may be", () => {
      const large = fc.constantFrom<() => unknown>(
        () => "a,".repeat(500_000),
        () => Array.from({ length: 300_000 }, () => ({})),
        () => Array.from({ length: 200_000 }, (_, index) => String(index)),
        () => `[${"0,".repeat(500_000)}0]`,
      );
      fc.assert(
        fc.property(fc.constantFrom(...samples), fc.nat(), large, (sample, place, value) => {
          const before = performance.now();
          mapped(plugin, edited(sample, [{ place, how: "replace", value: value() }]));
          assert.ok(performance.now() - before < 5_000, "the time that it takes grows with the size, and not faster");
        }),
        { numRuns: 15 },
      );
    });

    test("makes sound alerts, or a PayloadError, of any JSON", () => {
      fc.assert(
        fc.property(fc.jsonValue(), (payload) => assertMapped(plugin, payload)),
        { numRuns: 200 },
      );
    });
  });
}
