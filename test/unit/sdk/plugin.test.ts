import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { definePlugin, ignore, isIgnored, isPlugin, joi, PluginError, unsigned, webhookSignature } from "@thruway/sdk";
import { aDelivery } from "./a-delivery.ts";
import { aDefinition } from "./a-plugin.ts";

const context = { source: "kitchen", options: {}, receivedAt: new Date("2026-01-15T10:00:00Z") };

/** What `definePlugin` says of a definition that a type check would not let through. */
function mistake(definition: unknown): string {
  try {
    definePlugin(definition as ReturnType<typeof aDefinition>);
  } catch (error) {
    assert.ok(error instanceof PluginError, String(error));
    return error.message;
  }
  return "no mistake";
}

describe("a definition that is wrong is refused by the name of the member, and with what it must be", () => {
  const changed = {
    name: [
      ["Networked Toaster", /^"name" .* lower-case letters, digits and hyphens/],
      ["toaster_2", /^"name" .* lower-case letters, digits and hyphens/],
      ["2-toasters", /^"name" /],
      ["a".repeat(41), /^"name" /],
      [7, /^"name" must be a string/],
    ],
    title: [["", /^"title" is not allowed to be empty/]],
    sdk: [
      ["0.1.0", /^"sdk" .* version with a caret, like \^0\.1\.0/],
      ["^0.1", /^"sdk" .* version with a caret/],
      [1, /^"sdk" must be a string/],
    ],
    options: [
      [{}, /^"options" must be a Joi schema/],
      [joi.string(), /^"options" must be a Joi schema of object type/],
    ],
    signature: [
      ["hmac", /^"signature" must be one of \[function, object\]/],
      [{ name: "mine" }, /^"signature.verify" is required/],
    ],
    handshake: [
      [{}, /^"handshake" must be of type function/],
      [{ before: "a" }, /^"handshake" must be of type function, or have before, after or choose/],
      [{ before: () => undefined, choose: () => undefined }, /^"handshake" must be of type function/],
    ],
    payload: [
      [{}, /^"payload" must be a Joi schema/],
      [() => true, /^"payload" must be/],
    ],
    fits: [[0.5, /^"fits" must be of type function/]],
    eventId: [["id", /^"eventId" must be of type function/]],
    map: [["alerts", /^"map" must be of type function/]],
    example: [[{ id: 7 }, /^"example" is not a payload: "id" must be a string/]],
    mapp: [[() => [], /^"mapp" is not allowed/]],
  } as const;
  for (const [member, cases] of Object.entries(changed)) {
    test(member, () => {
      for (const [value, message] of cases) assert.match(mistake({ ...aDefinition(), [member]: value }), message);
    });
  }

  for (const member of ["name", "title", "signature", "payload", "fits", "map", "example"]) {
    test(`without ${member}`, () => {
      const { [member]: _left, ...others } = { ...aDefinition() } as Record<string, unknown>;
      assert.equal(mistake(others), `"${member}" is required`);
    });
  }

  test("every mistake is named at once", () => {
    const { map: _left, ...others } = aDefinition({ title: "" });
    assert.match(mistake({ ...others, name: "A B" }), /"name" .*; "title" .*; "map" is required/);
  });

  test("an example is taken as it stands: nothing is converted to fit", () => {
    const payload = joi.object({ id: joi.string().required(), count: joi.number() });
    assert.match(mistake({ ...aDefinition(), payload, example: { id: "a", count: "7" } }), /"count" must be a number/);
  });

  test("nothing at all", () => {
    assert.equal(mistake(undefined), '"definition" is required');
    assert.equal(mistake(null), '"definition" must be of type object');
    assert.equal(mistake("toaster"), '"definition" must be of type object');
  });
});

test("a preset that the plugin's own options do not take is refused", () => {
  const options = joi.object({ preset: joi.valid("oven") });
  const presets = { oven: "Oven", kettle: "Kettle" };
  assert.throws(() => definePlugin(aDefinition({ options, presets })), {
    name: PluginError.name,
    message: 'the preset "kettle" is not among the options: "preset" must be [oven]',
  });
  assert.deepEqual(definePlugin(aDefinition({ options, presets: { oven: "Oven" } })).presets, { oven: "Oven" });
  assert.deepEqual(definePlugin(aDefinition()).presets, {});
});

describe("a plugin", () => {
  test("is what was defined, and cannot be changed", () => {
    const definition = aDefinition({ fits: () => 0.5, eventId: ({ id }) => `event-${id}` });
    const plugin = definePlugin(definition);
    assert.deepEqual([plugin.name, plugin.title], ["toaster", "Networked toaster"]);
    assert.equal(plugin.payload, definition.payload);
    assert.equal(plugin.example, definition.example);
    assert.equal(plugin.fits({}), 0.5);
    assert.equal(plugin.eventId({ id: "a" }, {}), "event-a");
    assert.deepEqual(plugin.map({ id: "a" }, context), { type: "fire", title: "It burns", external_id: "a" });
    assert.throws(() => Object.assign(plugin, { name: "other" }), TypeError);
  });

  test("answers no handshake and knows no event id where it says nothing of them", () => {
    const plugin = definePlugin(aDefinition());
    assert.equal(plugin.handshake(aDelivery(), {}), undefined);
    assert.equal(plugin.eventId({ id: "a" }, {}), undefined);
  });

  test("answers the handshake that it defines", () => {
    const plugin = definePlugin(
      aDefinition({
        handshake: ({ query }) => {
          const body = query.get("challenge");
          return body === null ? undefined : { status: 200, type: "text/plain", body };
        },
      }),
    );
    assert.equal(plugin.handshake(aDelivery(), {}), undefined);
    assert.deepEqual(plugin.handshake(aDelivery({ url: "/?challenge=a" }), {}), {
      status: 200,
      type: "text/plain",
      body: "a",
    });
  });

  test("has one scheme, or one chosen by the source's options", () => {
    const scheme = webhookSignature();
    assert.equal(definePlugin(aDefinition({ signature: scheme })).signature({}), scheme);

    const chosen = definePlugin(
      aDefinition<{ readonly open?: boolean }>({
        options: joi.object({ open: joi.boolean() }),
        signature: ({ open }) => (open ? unsigned("it is a toaster") : scheme),
      }),
    );
    assert.equal(chosen.signature({}), scheme);
    assert.equal(chosen.signature({ open: true }).name, "unsigned");
  });

  test("takes its own options and allow_unsigned, and no other", () => {
    const slots = joi.object<{ readonly slots?: number }>({ slots: joi.number() });
    const { options } = definePlugin(aDefinition({ options: slots }));
    assert.equal(options.validate({ slots: 2, allow_unsigned: true }).error, undefined);
    assert.match(options.validate({ slot: 2 }).error?.message ?? "", /"slot" is not allowed/);
    assert.equal(definePlugin(aDefinition()).options.validate({ allow_unsigned: true }).error, undefined);
    assert.match(
      definePlugin(aDefinition()).options.validate({ slots: 2 }).error?.message ?? "",
      /"slots" is not allowed/,
    );
  });
});

test("only what definePlugin made is a plugin, also by another copy of the SDK", async () => {
  assert.equal(isPlugin(definePlugin(aDefinition())), true);
  for (const value of [undefined, null, "toaster", {}, aDefinition(), () => aDefinition()]) {
    assert.equal(isPlugin(value), false);
  }
  const copy = (await import(`${import.meta.resolve("../../../sdk/plugin.ts")}?copy`)) as {
    definePlugin: typeof definePlugin;
  };
  assert.notEqual(copy.definePlugin, definePlugin);
  assert.equal(isPlugin(copy.definePlugin(aDefinition())), true);
});

test("ignore says why, and is told apart from alerts", () => {
  assert.deepEqual(ignore("audit event"), { ignored: "audit event" });
  assert.equal(isIgnored(ignore("audit event")), true);
  assert.equal(isIgnored({ type: "fire", title: "It burns" }), false);
  assert.equal(isIgnored([]), false);
});
