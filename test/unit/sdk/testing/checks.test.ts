import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  allowedAddresses,
  anyOf,
  definePlugin,
  hmac,
  ignore,
  joi,
  PayloadError,
  type Plugin,
  type PluginDefinition,
  type SignatureScheme,
  standardWebhooks,
  staticToken,
  unsigned,
  webhookSignature,
} from "@thruway/sdk";
import { CheckFailure, checks, delivered, listed, mapSample, type Sample, sampleTime } from "@thruway/sdk/testing";
import { aDefinition, type Payload } from "../a-plugin.ts";

const sampled = "has at least one sample";
const example = "its example becomes an alert";
const reasons = "an ignored event says why";
const secretive = "no secret and no sensitive option reaches a log, an error or an alert";
const becomes = "fire: becomes the alerts beside it";
const alike = "fire: is mapped the same way twice";
const leftAlone = "fire: is left as it was";
const fits = "fire: fits the plugin";
const verifies = "fire: verifies when it is signed";
const second = "fire: verifies with a second secret";
const wrongSecret = "fire: is refused with a wrong secret";
const missing = "fire: is refused where a header is missing";
const flipped = "fire: is refused where a byte is flipped";
const leave = "fire: is not taken unsigned without the source's leave";
const survives = "fire: survives 500 mutated payloads (seed 1)";

const whole = [sampled, example, reasons, secretive];
const mapping = [becomes, alike, leftAlone, fits];
const signing = [verifies, second, wrongSecret, missing, flipped];

const good = { type: "fire", title: "It burns", external_id: "a" };

function aSample(changes: Partial<Sample> = {}): Sample {
  return { name: "fire", body: Buffer.from('{"id":"a"}'), expected: [good], ...changes };
}

/** What the failing checks say, by their names. */
async function failures(
  plugin: Plugin,
  samples: readonly Sample[] = [aSample()],
  options: Parameters<typeof checks>[2] = {},
): Promise<ReadonlyMap<string, CheckFailure>> {
  const found = new Map<string, CheckFailure>();
  for (const { name, run } of checks(plugin, samples, options)) {
    try {
      await run();
    } catch (error) {
      assert.ok(error instanceof CheckFailure, `${name}: ${String(error)}`);
      found.set(name, error);
    }
  }
  return found;
}

/** The names of the checks that fail. */
async function failing(...given: Parameters<typeof failures>): Promise<readonly string[]> {
  return [...(await failures(...given)).keys()];
}

/** What one check says. */
async function saysOf(check: string, ...given: Parameters<typeof failures>): Promise<CheckFailure> {
  return (await failures(...given)).get(check) ?? assert.fail(`${check} passes`);
}

function aPlugin<Options>(changes: Partial<PluginDefinition<Options, Payload>> = {}): Plugin {
  return definePlugin(aDefinition(changes));
}

/** The text's scheme with something changed. */
function aScheme(changes: Partial<SignatureScheme>): Plugin {
  return aPlugin({ signature: { ...webhookSignature(), ...changes } });
}

test("a sound plugin passes every check", async () => {
  const names = checks(aPlugin(), [aSample()]).map(({ name }) => name);
  assert.deepEqual(names, [...whole, ...mapping, ...signing, survives]);
  assert.deepEqual(await failing(aPlugin()), []);
});

test("a sample of a preset is checked with that preset", async () => {
  const plugin = definePlugin(
    aDefinition<{ readonly preset?: string }>({
      options: joi.object({ preset: joi.string() }),
      presets: { oven: "Oven" },
      signature: ({ preset }) => staticToken({ header: preset ?? "toaster" }),
      map: ({ id }, { options }) => ({ type: options.preset ?? "fire", title: "It burns", external_id: id }),
    }),
  );
  const samples = [aSample(), aSample({ name: "oven/fire", preset: "oven", expected: [{ ...good, type: "oven" }] })];
  assert.deepEqual(await failing(plugin, samples), []);
  assert.deepEqual(await failing(plugin, [aSample({ preset: "oven" })]), [becomes]);
});

test("what only its sender can sign is not asked to", async () => {
  const plugin = aPlugin({ signature: allowedAddresses(["192.0.2.0/24"]) });
  assert.deepEqual(
    checks(plugin, [aSample()]).map(({ name }) => name),
    [...whole, ...mapping, survives],
  );
  assert.deepEqual(await failing(plugin), []);
});

test("a scheme is asked with secrets that are written as it wants them", async () => {
  for (const signature of [standardWebhooks(), hmac({ header: "X-Sig", secretEncoding: "base64" })]) {
    const names = checks(aPlugin({ signature }), [aSample()]).map(({ name }) => name);
    assert.ok(names.includes(verifies), "it is not asked to sign");
    assert.deepEqual(await failing(aPlugin({ signature })), []);
  }
});

test("every sample has checks of its own", async () => {
  const samples = [aSample(), aSample({ name: "smoke", expected: [] })];
  assert.equal(checks(aPlugin(), samples).length, whole.length + 2 * (mapping.length + signing.length + 1));
  assert.deepEqual(await failing(aPlugin(), samples), ["smoke: becomes the alerts beside it"]);
});

test("a failing check says what is wrong, shows it, and says what to do", async () => {
  const sample = aSample({ expected: [{ ...good, title: "It smokes" }] });
  const { wrong, details, mend, message } = await saysOf(becomes, aPlugin(), [sample]);
  assert.match(wrong, /something else than fire\.alerts\.json says/);
  assert.deepEqual(details, [
    "  …",
    "    {",
    '      "type": "fire",',
    '-     "title": "It smokes",',
    '+     "title": "It burns",',
    '      "external_id": "a"',
    "    }",
    "  …",
  ]);
  assert.match(mend, /change map; or/);
  assert.equal(message, [wrong, ...details, `To mend it: ${mend}`].join("\n"));
});

describe("a fault fails the check that is named after it", () => {
  test("no samples", async () => assert.deepEqual(await failing(aPlugin(), []), [sampled]));

  test("an alert that is not what the sample says", async () => {
    for (const expected of [
      [],
      [{ ...good, title: "It smokes" }],
      [{ ...good, severity: "high" as const }],
      [good, good],
      { ignored: "a toaster" },
    ]) {
      assert.deepEqual(await failing(aPlugin(), [aSample({ expected })]), [becomes]);
    }
  });

  test("a sample whose alerts are not written down, and shows them", async () => {
    const found = await failures(aPlugin(), [aSample({ expected: undefined })]);
    assert.deepEqual([...found.keys()], [becomes]);
    assert.match(found.get(becomes)?.message ?? "", /no fire\.alerts\.json[\s\S]*\+ .*"It burns"/);
  });

  test("an alert that is none, though the sample agrees", async () => {
    const bad = { ...good, severity: "urgent" } as unknown as typeof good;
    const plugin = definePlugin<Record<string, never>, Payload>({ ...aDefinition(), map: () => bad });
    assert.deepEqual(await failing(plugin, [aSample({ expected: [bad] })]), [becomes, survives]);
  });

  test("a body that the schema refuses", async () => {
    const found = await failures(aPlugin({ map: () => good }), [aSample({ body: Buffer.from('{"id":7}') })]);
    assert.deepEqual([...found.keys()], [becomes]);
    assert.match(found.get(becomes)?.wrong ?? "", /"id" must be a string/);
  });

  test("a body that is not JSON", async () => {
    const found = await failures(aPlugin(), [aSample({ body: Buffer.from("{") })]);
    assert.deepEqual([...found.keys()], [...mapping, survives]);
    assert.match(
      found.get(fits)?.message ?? "",
      /not JSON as Thruway takes it: JsonError: [\s\S]*as the sender sends it/,
    );
  });

  test("a mapper that changes the payload, with the path", async () => {
    const map = (payload: Payload) => Object.assign(payload, { seen: true }) && good;
    const found = await failures(aPlugin({ map }));
    assert.deepEqual([...found.keys()], [leftAlone]);
    assert.match(found.get(leftAlone)?.wrong ?? "", /at payload\.seen$/);
  });

  test("a mapper that changes the source's options", async () => {
    const changing = aPlugin<{ list?: string[] }>({
      options: joi.object({ list: joi.array() }),
      map: (_payload, { options }) => (options.list?.sort() ? good : good),
    });
    const options = { list: ["b", "a"] };
    assert.deepEqual(await failing(changing, [aSample()], { options }), [leftAlone]);
  });

  test("a mapper that is not the same twice", async () => {
    let count = 0;
    const map = () => ({ ...good, description: `${count++}` });
    assert.ok((await failing(aPlugin({ map }))).includes(alike));
  });

  test("an event id that is not the same twice", async () => {
    let count = 0;
    assert.deepEqual(await failing(aPlugin({ eventId: () => `${count++}` })), [alike]);
  });

  test("a plugin that does not know its own sample", async () => {
    assert.deepEqual(await failing(aPlugin({ fits: () => 0 })), [fits]);
  });

  test("an example that is ignored", async () => {
    const map = ({ id }: Payload) => (id === "example" ? ignore("an example") : good);
    assert.deepEqual(await failing(aPlugin({ map, example: { id: "example" } })), [example]);
  });

  test("an event that is ignored without a word", async () => {
    for (const silent of [[], ignore(" ")]) {
      const map = ({ id }: Payload) => (id === "a" ? silent : good);
      const plugin = aPlugin({ map, example: { id: "example" } });
      assert.ok((await failing(plugin, [aSample({ expected: silent })])).includes(reasons), JSON.stringify(silent));
    }
    assert.deepEqual(
      await failing(aPlugin({ map: ({ id }) => (id === "a" ? ignore("a toaster") : good), example: { id: "b" } }), [
        aSample({ expected: ignore("a toaster") }),
      ]),
      [],
    );
  });

  const scheme = webhookSignature();
  const verified = { verified: true, scheme: "mine", signed: Buffer.alloc(0), toleranceSeconds: 300 } as const;
  const faults: Readonly<Record<string, readonly [Partial<SignatureScheme>, readonly string[]]>> = {
    "a scheme that takes anything": [{ verify: () => verified }, [wrongSecret, missing, flipped]],
    "a scheme that takes nothing": [
      { verify: () => ({ verified: false, code: "invalid_signature" }) },
      [verifies, second],
    ],
    "a scheme that takes what is not signed": [
      {
        verify: (delivery, credentials) =>
          scheme.presents(delivery) ? scheme.verify(delivery, credentials) : verified,
      },
      [missing],
    ],
    "a scheme that tries the first secret alone": [
      {
        verify: (delivery, { secrets, ...rest }) => scheme.verify(delivery, { ...rest, secrets: secrets.slice(0, 1) }),
      },
      [second],
    ],
    "a scheme that takes any secret": [
      {
        provesBody: false,
        verify: (delivery, credentials) => {
          const isWhole = scheme.presents(delivery) && delivery.headers["x-webhook-timestamp"] !== undefined;
          return isWhole ? verified : scheme.verify(delivery, credentials);
        },
      },
      [wrongSecret],
    ],
    "a scheme that reads the beginning of the body": [
      {
        verify: (delivery, credentials) =>
          scheme.verify(
            { ...delivery, body: Buffer.concat([delivery.body.subarray(0, 5), Buffer.from('"a"}')]) },
            credentials,
          ),
        sign: (draft, ...rest) =>
          scheme.sign({ ...draft, body: Buffer.concat([draft.body.subarray(0, 5), Buffer.from('"a"}')]) }, ...rest),
      },
      [flipped],
    ],
  };
  for (const [title, [changes, names]] of Object.entries(faults)) {
    test(title, async () => assert.deepEqual(await failing(aScheme(changes)), names));
  }

  test("a scheme that says it proves the body, and does not", async () => {
    const token = staticToken({ header: "X-Token" });
    assert.deepEqual(await failing(aPlugin({ signature: token })), []);
    assert.deepEqual(await failing(aPlugin({ signature: { ...token, provesBody: true } })), [flipped]);
  });

  test("a token in the URL is missed there", async () => {
    assert.deepEqual(await failing(aPlugin({ signature: staticToken({ query: "token" }) })), []);
  });

  test("a scheme that takes what is unsigned from a source that did not opt in", async () => {
    const open = { ...unsigned("it is a toaster"), verify: () => verified };
    assert.deepEqual(await failing(aPlugin({ signature: open })), [leave]);
  });

  test("a scheme that cannot be made without options", async () => {
    const plugin = aPlugin<{ header?: string }>({
      options: joi.object({ header: joi.string() }),
      signature: ({ header }) => staticToken({ header: header?.toUpperCase() ?? assert.fail("no header") }),
    });
    assert.deepEqual(await failing(plugin, [aSample()], { options: { header: "x-token" } }), []);
    const found = await failures(plugin);
    assert.deepEqual([...found.keys()], ["fire: can be signed"]);
    assert.match(
      found.get("fire: can be signed")?.message ?? "",
      /AssertionError: no header[\s\S]*options to check with/,
    );
  });
});

describe("a scheme whose answer is a promise", () => {
  const scheme = webhookSignature();
  const later = (verify: SignatureScheme["verify"]): Partial<SignatureScheme> => ({
    verify: (...given) => Promise.resolve(verify(...given)),
  });

  test("is waited for", async () => {
    assert.deepEqual(
      await failing(aScheme(later((delivery, credentials) => scheme.verify(delivery, credentials)))),
      [],
    );
    const never = later(() => ({ verified: false, code: "invalid_signature" }));
    assert.deepEqual(await failing(aScheme(never)), [verifies, second]);
  });
});

describe("mutated payloads find", () => {
  const deep = joi.object<Payload>({ id: joi.any() }).unknown();

  async function stumbles(changes: Partial<PluginDefinition<Record<string, never>, Payload>>): Promise<CheckFailure> {
    return saysOf(survives, aPlugin({ payload: deep, ...changes }));
  }

  test("a mapper that believes that a text is one, with what was done to the payload and where it threw", async () => {
    const { wrong, details, cause } = await stumbles({
      map: ({ id }) => ({ ...good, external_id: id.trim() }),
    });
    assert.match(wrong, /^The plugin stumbles over mutated payload \d+ of 500 \(seed 1\): map threw TypeError: /);
    assert.ok(details.length > 0 && details.every((line) => /^[\w.]+|the payload: /.test(line)));
    assert.ok(cause instanceof TypeError && cause.stack?.includes("checks.test.ts"));
  });

  test("an alert that is not one, a result that is nothing, and a reason that is none", async () => {
    const odd = (result: unknown) => ({ map: ({ id }: Payload) => (id === "a" ? good : (result as typeof good)) });
    assert.match((await stumbles(odd({ ...good, title: 7 }))).wrong, /an alert whose title is not a text/);
    assert.match((await stumbles(odd(undefined))).wrong, /neither an alert, nor a list of them, nor ignore/);
    assert.match((await stumbles(odd(ignore("")))).wrong, /does not say why/);
  });

  test("an event id that is empty, and would make one delivery of all", async () => {
    const eventId = ({ id }: Payload) => (typeof id === "string" ? id : "");
    assert.match((await stumbles({ eventId })).wrong, /eventId gave an empty text/);
  });

  test("fits that throws at another sender's payload, or gives no number from 0 to 1", async () => {
    const throwing = (payload: unknown) => ((payload as Payload).id === "a" ? 1 : 0);
    const map = () => good;
    assert.match((await stumbles({ map, fits: throwing })).wrong, /fits threw TypeError/);
    assert.match((await stumbles({ map, fits: (payload) => (payload === null ? 2 : 1) })).wrong, /fits gave 2/);
  });

  test("nothing in a refusal by the schema or by a PayloadError", async () => {
    const map = ({ id }: Payload) => {
      if (id !== "a") throw new PayloadError("id", "is not a");
      return good;
    };
    assert.deepEqual(await failing(aPlugin({ payload: deep, map })), []);
  });

  test("other payloads by another seed, and the same by the same", async () => {
    const seen: string[] = [];
    const plugin = aPlugin({ payload: deep, map: (payload) => (seen.push(JSON.stringify(payload)) > 0 ? good : []) });
    const run = async (seed: number): Promise<readonly string[]> => {
      const check = checks(plugin, [aSample()], { seed, mutations: 30 }).at(-1);
      assert.equal(check?.name, `fire: survives 30 mutated payloads (seed ${seed})`);
      seen.length = 0;
      await check.run();
      return [...seen];
    };
    const first = await run(1);
    assert.deepEqual(await run(1), first);
    assert.notDeepEqual(await run(2), first);
  });
});

test("what cannot sign is not asked to, and is refused where the source did not opt in", async () => {
  const plugin = aPlugin({ signature: unsigned("it is a toaster") });
  assert.deepEqual(
    checks(plugin, [aSample()]).map(({ name }) => name),
    [...whole, ...mapping, leave, survives],
  );
  assert.deepEqual(await failing(plugin), []);
});

test("a scheme that may also be unsigned is still asked to refuse what is", async () => {
  const signature = anyOf(webhookSignature(), unsigned("it is a toaster"));
  assert.ok(checks(aPlugin({ signature }), [aSample()]).some(({ name }) => name === leave));
  assert.deepEqual(await failing(aPlugin({ signature })), []);
});

test("a sample is mapped at a fixed time, with the options that are said", () => {
  const plugin = aPlugin({
    map: (_payload, { source, options, receivedAt }) => ({
      type: source,
      title: JSON.stringify(options),
      occurred_at: receivedAt.toISOString(),
    }),
  });
  const made = { type: "toaster", title: "{}", occurred_at: "2026-01-15T10:00:00.000Z" };
  assert.deepEqual(mapSample(plugin, Buffer.from('{"id":"a"}')), [made]);
  assert.deepEqual(mapSample(plugin, Buffer.from('{"id":"a"}'), { b: 1 }), [{ ...made, title: '{"b":1}' }]);
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
