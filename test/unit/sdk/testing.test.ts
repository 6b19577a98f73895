import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import {
  allowedAddresses,
  anyOf,
  definePlugin,
  hmac,
  joi,
  type Plugin,
  type SignatureScheme,
  standardWebhooks,
  staticToken,
  unsigned,
  webhookSignature,
} from "@thruway/sdk";
import {
  checks,
  delivered,
  listed,
  mapSample,
  optionsFor,
  readSamples,
  type Sample,
  sampleTime,
} from "@thruway/sdk/testing";
import { aDefinition, type Payload } from "./a-plugin.ts";

const becomes = "fire: becomes the alerts beside it";
const pure = "fire: is mapped the same way twice and left as it was";
const fits = "fire: fits the plugin";
const verifies = "fire: verifies when signed, with either of two secrets, and not otherwise";

const good = { type: "fire", title: "It burns", external_id: "a" };

function aSample(changes: Partial<Sample> = {}): Sample {
  return { name: "fire", body: Buffer.from('{"id":"a"}'), expected: [good], ...changes };
}

/** The names of the checks that fail. */
function failing(plugin: Plugin, samples: readonly Sample[] = [aSample()]): readonly string[] {
  return checks(plugin, samples)
    .filter((check) => {
      try {
        check.run();
        return false;
      } catch {
        return true;
      }
    })
    .map(({ name }) => name);
}

function aPlugin(changes: Parameters<typeof aDefinition>[0] = {}): Plugin {
  return definePlugin(aDefinition(changes));
}

/** The text's scheme with one thing wrong. */
function aScheme(changes: Partial<SignatureScheme>): Plugin {
  return aPlugin({ signature: { ...webhookSignature(), ...changes } });
}

test("a sound plugin passes every check", () => {
  const names = checks(aPlugin(), [aSample()]).map(({ name }) => name);
  assert.deepEqual(names, ["has at least one sample", becomes, pure, fits, verifies]);
  assert.deepEqual(failing(aPlugin()), []);
});

test("a sample of a preset is checked with that preset", () => {
  const plugin = definePlugin(
    aDefinition<{ readonly preset?: string }>({
      options: joi.object({ preset: joi.string() }),
      presets: { oven: "Oven" },
      signature: ({ preset }) => staticToken({ header: preset ?? "toaster" }),
      map: ({ id }, { options }) => ({ type: options.preset ?? "fire", title: "It burns", external_id: id }),
    }),
  );
  const samples = [aSample(), aSample({ name: "oven/fire", preset: "oven", expected: [{ ...good, type: "oven" }] })];
  assert.deepEqual(failing(plugin, samples), []);
  assert.deepEqual(failing(plugin, [aSample({ preset: "oven" })]), [becomes]);
});

test("every sample has checks of its own", () => {
  const samples = [aSample(), aSample({ name: "smoke", expected: [] })];
  assert.equal(checks(aPlugin(), samples).length, 9);
  assert.deepEqual(failing(aPlugin(), samples), ["smoke: becomes the alerts beside it"]);
});

describe("a fault fails the check that is named after it", () => {
  test("no samples", () => assert.deepEqual(failing(aPlugin(), []), ["has at least one sample"]));

  test("an alert that is not what the sample says", () => {
    for (const expected of [
      [],
      [{ ...good, title: "It smokes" }],
      [{ ...good, severity: "high" as const }],
      [good, good],
      { ignored: "a toaster" },
    ]) {
      assert.deepEqual(failing(aPlugin(), [aSample({ expected })]), [becomes]);
    }
  });

  test("an alert that is none, though the sample agrees", () => {
    const bad = { ...good, severity: "urgent" } as unknown as typeof good;
    const plugin = definePlugin<Record<string, never>, Payload>({ ...aDefinition(), map: () => bad });
    assert.deepEqual(failing(plugin, [aSample({ expected: [bad] })]), [becomes]);
  });

  test("a body that the schema refuses", () => {
    const payload = aDefinition().payload;
    const plugin = aPlugin({ payload, map: () => good });
    assert.deepEqual(failing(plugin, [aSample({ body: Buffer.from('{"id":7}') })]), [becomes]);
  });

  test("a body that is not JSON", () => {
    assert.deepEqual(failing(aPlugin(), [aSample({ body: Buffer.from("{") })]), [becomes, pure, fits]);
  });

  test("a mapper that changes the payload", () => {
    const map = (payload: Payload) => Object.assign(payload, { seen: true }) && good;
    assert.deepEqual(failing(aPlugin({ map })), [pure]);
  });

  test("a mapper that is not the same twice", () => {
    let count = 0;
    const map = () => (count++ === 0 ? good : { ...good, title: `It burns ${count}` });
    assert.deepEqual(failing(aPlugin({ map })), [pure]);
  });

  test("a plugin that does not know its own sample", () => {
    assert.deepEqual(failing(aPlugin({ fits: () => 0 })), [fits]);
  });

  const scheme = webhookSignature();
  const verified = { verified: true, scheme: "mine", signed: Buffer.alloc(0), toleranceSeconds: 300 } as const;
  const faults: Readonly<Record<string, Partial<SignatureScheme>>> = {
    "a scheme that takes anything": { verify: () => verified },
    "a scheme that takes nothing": { verify: () => ({ verified: false, code: "invalid_signature" }) },
    "a scheme that takes what is not signed": {
      verify: (delivery, credentials) => (scheme.presents(delivery) ? scheme.verify(delivery, credentials) : verified),
    },
    "a scheme that tries the first secret alone": {
      verify: (delivery, { secrets, ...rest }) => scheme.verify(delivery, { ...rest, secrets: secrets.slice(0, 1) }),
    },
    "a scheme that takes any secret": {
      provesBody: false,
      verify: (delivery, credentials) => (scheme.presents(delivery) ? verified : scheme.verify(delivery, credentials)),
    },
  };
  for (const [title, changes] of Object.entries(faults)) {
    test(title, () => assert.deepEqual(failing(aScheme(changes)), [verifies]));
  }

  test("a scheme that says it proves the body, and does not", () => {
    const token = staticToken({ header: "X-Token" });
    assert.deepEqual(failing(aPlugin({ signature: token })), []);
    assert.deepEqual(failing(aPlugin({ signature: { ...token, provesBody: true } })), [verifies]);
  });
});

test("what cannot sign is not asked to", () => {
  const plugin = aPlugin({ signature: unsigned("it is a toaster") });
  assert.deepEqual(
    checks(plugin, [aSample()]).map(({ name }) => name),
    ["has at least one sample", becomes, pure, fits],
  );
});

test("what only its sender can sign is not asked to either", () => {
  const plugin = aPlugin({ signature: allowedAddresses(["192.0.2.0/24"]) });
  assert.deepEqual(
    checks(plugin, [aSample()]).map(({ name }) => name),
    ["has at least one sample", becomes, pure, fits],
  );
});

test("a scheme is asked with secrets that are written as it wants them", () => {
  for (const signature of [standardWebhooks(), hmac({ header: "X-Sig", secretEncoding: "base64" })]) {
    assert.deepEqual(failing(aPlugin({ signature })), []);
    assert.equal(checks(aPlugin({ signature }), [aSample()]).length, 5);
  }
});

test("a scheme that may also be unsigned is still asked to refuse what is", () => {
  const signature = anyOf(webhookSignature(), unsigned("it is a toaster"));
  assert.deepEqual(failing(aPlugin({ signature })), []);
});

test("a failing check says what came instead", () => {
  const sample = aSample({ expected: [{ ...good, title: "It smokes" }] });
  const check = checks(aPlugin(), [sample]).find(({ name }) => name === becomes);
  assert.throws(() => check?.run(), { name: "AssertionError", message: /It burns[\s\S]*It smokes/ });
});

test("a sample is mapped at a fixed time, with no options", () => {
  const plugin = aPlugin({
    map: (_payload, { source, options, receivedAt }) => ({
      type: source,
      title: JSON.stringify(options),
      occurred_at: receivedAt.toISOString(),
    }),
  });
  assert.deepEqual(mapSample(plugin, Buffer.from('{"id":"a"}')), [
    { type: "toaster", title: "{}", occurred_at: "2026-01-15T10:00:00.000Z" },
  ]);
});

test("one alert, a list and ignore have one form", () => {
  assert.deepEqual(listed(good), [good]);
  assert.deepEqual(listed([good, good]), [good, good]);
  assert.deepEqual(listed([]), []);
  assert.deepEqual(listed({ ignored: "audit event" }), { ignored: "audit event" });
});

test("a delivery is the draft with what the scheme added", () => {
  const draft = { url: "/a", body: Buffer.from("{}") };
  const delivery = delivered(draft, { url: "/a?token=b", headers: { "x-sig": "c" } });
  assert.equal(delivery.query.get("token"), "b");
  assert.deepEqual(delivery.headers, { "x-sig": ["c"] });
  assert.deepEqual([delivery.body, delivery.receivedAt], [draft.body, sampleTime]);
});

describe("samples on disk", () => {
  async function aFolder(t: TestContext, files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), "thruway-test-samples-"));
    t.after(() => rm(folder, { recursive: true, force: true }));
    for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
    return folder;
  }

  test("are pairs of a body, byte for byte, and what it becomes, by name", async (t) => {
    const folder = await aFolder(t, {
      "smoke.json": Uint8Array.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d),
      "smoke.alerts.json": '{"ignored":"just smoke"}',
      "fire.json": '{"id": "a"}\n',
      "fire.alerts.json": "[]",
      "notes.md": "not a sample",
    });
    assert.deepEqual(readSamples(folder), [
      { name: "fire", body: Buffer.from('{"id": "a"}\n'), expected: [] },
      { name: "smoke", body: Buffer.of(0xef, 0xbb, 0xbf, 0x7b, 0x7d), expected: { ignored: "just smoke" } },
    ]);
  });

  test("in a folder that is named for a preset are of sources with that preset", async (t) => {
    const folder = await aFolder(t, { "fire.json": "{}", "fire.alerts.json": "[]" });
    await mkdir(join(folder, "oven"));
    for (const [name, content] of [
      ["smoke.json", "{}"],
      ["smoke.alerts.json", "[]"],
    ] as const) {
      await writeFile(join(folder, "oven", name), content);
    }
    assert.deepEqual(
      readSamples(folder).map((sample) => [sample.name, sample.preset, optionsFor(sample)]),
      [
        ["fire", undefined, {}],
        ["oven/smoke", "oven", { preset: "oven" }],
      ],
    );
  });

  test("without its alerts a sample is a mistake", async (t) => {
    const folder = await aFolder(t, { "fire.json": "{}" });
    assert.throws(() => readSamples(folder), /fire\.alerts\.json/);
  });

  test("a folder that is not there is a mistake", () => {
    assert.throws(() => readSamples(join(tmpdir(), "thruway-test-no-such-folder")), /no-such-folder/);
  });
});
