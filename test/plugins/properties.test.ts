import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import { alertFault, JsonError, PayloadError, type Plugin, parseJson } from "@thruway/sdk";
import { listed, optionsFor, readSamples } from "@thruway/sdk/testing";
import * as fc from "fast-check";
import { draftOf } from "../../core/incidents/draft.ts";
import generic from "../../plugins/generic/index.ts";
import splunk from "../../plugins/splunk/index.ts";
import { root } from "../support/markdown.ts";
import { mutated, treacherousNames } from "../support/mutations.ts";

const receivedAt = new Date("2026-01-15T10:00:00.000Z");
const settings = { source: "siem", plugin: "any", severityMapping: {}, defaultSeverity: "medium" as const };
const times = { id: "id", at: receivedAt.toISOString(), receivedAt: receivedAt.toISOString() };

/** As the intake does it: what a plugin's schema takes is mapped, and `PayloadError` is the only way to say no. */
function holds(plugin: Plugin, given: unknown, options: object): void {
  const payload = received(given);
  if (payload === undefined || plugin.payload.validate(payload, { convert: false }).error) return;
  const before = structuredClone(payload);
  const first = result(plugin, payload, options);
  assert.deepEqual(result(plugin, payload, options), first, "it is another the second time");
  assert.deepEqual(payload, before, "the payload is changed");
  if (first instanceof PayloadError) return;
  assert.ok(first.id === undefined || (typeof first.id === "string" && first.id !== ""), "the event id is no text");
  const alerts = listed(first.mapped);
  if (!Array.isArray(alerts)) return;
  for (const alert of alerts) {
    assert.equal(alertFault(alert), undefined);
    const draft = draftOf(alert, settings, times);
    assert.ok(draft.title !== "" && draft.entities.every(({ value }) => value !== ""));
    assert.ok(JSON.stringify(draft).isWellFormed());
  }
}

/** What arrives of it; `undefined` for what is no payload of anybody. */
function received(given: unknown): unknown {
  try {
    return parseJson(Buffer.from(JSON.stringify(given)));
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

type Result = { readonly id: string | undefined; readonly mapped: ReturnType<Plugin["map"]> } | PayloadError;

function result(plugin: Plugin, payload: unknown, options: object): Result {
  try {
    return {
      id: plugin.eventId(payload, options),
      mapped: plugin.map(payload, { source: "siem", options, receivedAt }),
    };
  } catch (error) {
    if (error instanceof PayloadError) return error;
    throw error;
  }
}

for (const plugin of [generic, splunk]) {
  describe(`${plugin.name}: whatever is done to a sample, it is refused by name or becomes sound alerts`, () => {
    for (const sample of readSamples(join(root, "plugins", plugin.name, "samples"))) {
      test(sample.name, () => {
        const payload = parseJson(sample.body);
        const options = optionsFor(sample);
        fc.assert(
          fc.property(mutated(payload), (given) => holds(plugin, given, options)),
          { numRuns: 60 },
        );
      });
    }
  });
}

const key = fc.oneof(
  fc.constantFrom("a", "b", "a.b", "list", "0", ...treacherousNames),
  fc.string({ maxLength: 4 }).filter((name) => name !== ""),
);
const path = fc
  .array(fc.oneof(key, fc.integer({ min: -3, max: 3 })), { minLength: 1, maxLength: 4 })
  .map((steps) => steps.map((step) => (typeof step === "number" ? `[${step}]` : `[${JSON.stringify(step)}]`)).join(""));
const jsonata = fc.oneof(
  path.map((text) => `$payload.${backquoted(text)}`),
  fc.constantFrom(
    "a",
    "**",
    "*.b",
    "$keys($)",
    "$string($)",
    "$sum(a)",
    "$lowercase(a)",
    "a[b]",
    "{'x': a}",
    "$error(a)",
  ),
);
const word = fc.constantFrom("high", "a", "1", "true", "");
const ending = {
  lookup: fc.dictionary(word, fc.constantFrom("high", "low"), { maxKeys: 3 }),
  default: fc.constantFrom("high", "low", 1),
};
const source = fc.oneof(
  path,
  fc.array(path, { minLength: 1, maxLength: 3 }),
  fc.record({ path, ...ending }, { requiredKeys: ["path"] }),
  fc.record({ jsonata, ...ending }, { requiredKeys: ["jsonata"] }),
  fc.record({ value: fc.constantFrom("high", "low", "2026-01-15") }),
);
const entity = fc.record(
  { type: fc.constantFrom("host", "ip", "email"), role: fc.constantFrom("target", "actor"), value: source },
  { requiredKeys: ["type", "value"] },
);
const plain = ["type", "title", "description", "vendor_severity", "external_id", "url", "tags", "each", "event_id"];
const map = fc.record(
  {
    ...Object.fromEntries([...plain, "severity", "occurred_at", "as_of", "mitre"].map((field) => [field, source])),
    entities: fc.array(entity, { maxLength: 3 }),
    ignore_when: fc.record({ path, is: word.filter((each) => each !== "") }),
  },
  { requiredKeys: [] },
);

/** `["a"][0]` as JSONata writes it. */
function backquoted(text: string): string {
  return text
    .replaceAll(/\["((?:[^"\\]|\\.)*)"\]/g, (_, name: string) => `.\`${name.replaceAll(/[`\\]/g, "")}\``)
    .slice(1);
}

describe("a field map", () => {
  const payloads = fc.oneof(
    fc.jsonValue({ maxDepth: 4 }),
    fc.dictionary(key, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 8 }),
    mutated({ a: { b: [1, "x", { a: "y" }], constructor: "z" }, list: [{ a: 1 }, { b: 2 }] }),
  );

  test("of any form makes sound alerts of any payload, or refuses it by name", () => {
    let taken = 0;
    fc.assert(
      fc.property(map, payloads, (fields, payload) => {
        const options = { map: fields };
        if (generic.options.validate(options).error) return;
        taken += 1;
        holds(generic, payload, options);
      }),
      { numRuns: 500 },
    );
    assert.ok(taken > 100, `only ${taken} maps were ones that a source may have`);
  });

  test("reaches nothing that a payload does not have itself, by a path or in JSONata", () => {
    const inherited = fc.constantFrom(
      ...[
        "__proto__",
        "constructor",
        "prototype",
        "toString",
        "valueOf",
        "hasOwnProperty",
        "length",
        "name",
        "at",
        "map",
      ],
    );
    const values = fc.constantFrom<unknown>(
      {},
      [],
      [{}],
      { a: {} },
      { a: [] },
      { a: "text" },
      { a: 5 },
      { a: [[], "b"] },
    );
    fc.assert(
      fc.property(
        values,
        fc.array(inherited, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (payload, names, inner) => {
          const steps = inner ? ["a", ...names] : names;
          const found = (title: unknown): string => {
            const options = { map: { type: { value: "nothing" }, title } };
            const { mapped } = result(generic, payload, options) as Exclude<Result, PayloadError>;
            const [alert] = listed(mapped) as readonly { readonly title: string }[];
            return alert?.title ?? "";
          };
          assert.equal(found(steps.join(".")), "Nothing");
          assert.equal(found({ jsonata: steps.map((name) => `\`${name}\``).join(".") }), "Nothing");
          assert.equal(found({ jsonata: steps.map((name) => `$lookup("${name}")`).join(".") }), "Nothing");
        },
      ),
    );
  });
});
