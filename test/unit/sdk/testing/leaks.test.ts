import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { definePlugin, joi, type PluginDefinition, PluginError, unverified, webhookSignature } from "@thruway/sdk";
import { CheckFailure, checks } from "@thruway/sdk/testing";
import { aDefinition, type Payload } from "../a-plugin.ts";

interface Options {
  readonly api_key?: string;
  readonly auth?: { readonly token?: string };
}

const sensitive = joi.string().meta({ sensitive: true });
const good = { type: "fire", title: "It burns", external_id: "a" };

/** What the check says of a plugin with these options; `undefined` where it passes. */
async function leak(changes: Partial<PluginDefinition<Options, Payload>>, samples = true): Promise<string | undefined> {
  const options = joi.object<Options>({ api_key: sensitive, auth: joi.object({ token: sensitive }) });
  const plugin = definePlugin<Options, Payload>(aDefinition<Options>({ options, ...changes }));
  const sample = { name: "fire", body: Buffer.from('{"id":"a"}'), expected: [good] };
  const check = checks(plugin, samples ? [sample] : []).find(({ name }) => name.startsWith("no secret"));
  try {
    await check?.run();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof CheckFailure, String(error));
    return [error.wrong, ...error.details].join("\n");
  }
}

test("a plugin that uses its secrets and keeps them to itself passes", async () => {
  const used: unknown[] = [];
  const map = (_payload: Payload, context: { readonly options: Options }) =>
    used.push(context.options) > 0 ? good : [];
  assert.equal(await leak({ map }), undefined);
  const [{ api_key: key, auth } = {}] = used as Options[];
  assert.ok(typeof key === "string" && typeof auth?.token === "string" && key !== auth.token, "the options were set");
});

describe("a sensitive option is found", () => {
  test("in an alert", async () => {
    const map = (_payload: Payload, { options }: { readonly options: Options }) => ({
      ...good,
      description: `fetched with ${options.api_key}`,
    });
    assert.match(
      (await leak({ map })) ?? "",
      /^Something secret gets out: the option "api_key" stands in what becomes of fire/,
    );
  });

  test("in an error of the mapper, also one that only an odd payload meets", async () => {
    const map = ({ id }: Payload, { options }: { readonly options: Options }) => {
      if (id !== "a") throw new Error(`no access with ${options.auth?.token}`);
      return good;
    };
    assert.match((await leak({ map })) ?? "", /the option "auth\.token" stands in an error that map threw/);
  });

  test("in the cause of an error, and in what it carries", async () => {
    const map = (_payload: Payload, { options }: { readonly options: Options }) => {
      throw Object.assign(new Error("no access"), { config: { headers: { authorization: options.api_key } } });
    };
    assert.match((await leak({ map })) ?? "", /the option "api_key" stands in an error that map threw/);
  });

  test("in what the plugin writes to the console", async (t) => {
    const logged: unknown[] = [];
    t.mock.method(process.stderr, "write", (text: unknown) => logged.push(text) > 0);
    const map = (_payload: Payload, { options }: { readonly options: Options }) => {
      console.error("options", options);
      return good;
    };
    assert.match((await leak({ map })) ?? "", /the option "api_key" is written to standard output or standard error/);
    assert.ok(logged.length > 0, "what is written is still written");
  });

  test("in the error of a scheme that cannot be made of it", async () => {
    const signature = ({ api_key: key }: Options) => {
      if (key !== undefined) throw new PluginError(`${key} is not a key`);
      return webhookSignature();
    };
    assert.match((await leak({ signature })) ?? "", /the option "api_key" stands in an error that signature threw/);
  });

  test("in how the scheme is described, and in what a sender is told", async () => {
    const scheme = webhookSignature();
    const described = ({ api_key: key }: Options) => ({ ...scheme, summary: `the key ${key}` });
    assert.match((await leak({ signature: described })) ?? "", /in how its signature is described/);
    const telling = ({ api_key: key }: Options) => ({
      ...scheme,
      verify: () => unverified("invalid_signature", "headers.x-key", `must be ${key}`),
    });
    assert.match((await leak({ signature: telling })) ?? "", /in what a sender is told/);
  });

  test("in the reply to a handshake, and in an event id", async () => {
    const handshake = (_delivery: unknown, { api_key: key }: Options) =>
      ({ status: 200, type: "text/plain", body: String(key) }) as const;
    assert.match((await leak({ handshake })) ?? "", /in the reply to a handshake/);
  });

  test("in what its schema says of a value that it does not take", async () => {
    const options = joi.object<Options>({ api_key: sensitive.pattern(/^sk-\d+$/) });
    assert.match((await leak({ options })) ?? "", /the option "api_key" stands in what its schema says/);
    const named = joi.object<Options>({ api_key: sensitive.pattern(/^sk-\d+$/, "sk- and digits") });
    assert.equal(await leak({ options: named }), undefined);
  });
});

test("the source's secret is found in what a sender is told", async () => {
  const scheme = webhookSignature();
  const signature = {
    ...scheme,
    verify: (_delivery: unknown, { secrets }: { readonly secrets: readonly string[] }) =>
      unverified("invalid_signature", "headers.x-key", `is not ${secrets[0]}`),
  };
  assert.match((await leak({ signature })) ?? "", /the source's secret stands in what a sender is told/);
});

test("a mark where nothing seals the value is found: in a list, in alternatives, in a pattern", async () => {
  for (const unsealed of [
    joi.array().items(sensitive),
    joi.alternatives(sensitive, joi.object({ key: sensitive })),
    joi.object().pattern(/^k/, sensitive),
  ]) {
    const options = joi.object<Options>({ keys: unsealed } as never);
    assert.match((await leak({ options })) ?? "", /marked sensitive inside a list, a pattern or alternatives/);
  }
});

test("a value that the schema wants in a certain form gets one, so that the plugin meets it", async () => {
  for (const form of [
    sensitive.hex().length(64),
    sensitive.hex().length(32),
    sensitive.guid(),
    sensitive.base64(),
    sensitive.uri(),
    sensitive.min(40),
  ]) {
    const options = joi.object<Options>({ api_key: form.required() });
    const map = (_payload: Payload, context: { readonly options: Options }) => {
      assert.equal(options.validate(context.options).error, undefined);
      return { ...good, description: context.options.api_key ?? "" };
    };
    assert.match((await leak({ options, map })) ?? "", /the option "api_key" stands in what becomes of fire/);
  }
});

test("what was written before the check stays as it was: the streams are given back", async () => {
  const writers = (): readonly unknown[] =>
    [process.stdout, process.stderr].map((stream) => Reflect.get(stream, "write"));
  const before = writers();
  await leak({});
  assert.deepEqual(writers(), before);
});
