import assert from "node:assert/strict";
import { test } from "node:test";
import { joi } from "@thruway/sdk";
import { type Plugins, pluginsOf } from "../../../../core/registry/plugins.ts";
import { sealer } from "../../../../core/sources/seal.ts";
import { Sources } from "../../../../core/sources/sources.ts";
import { aPlugin, aSourceStore, noon, testSecret } from "../builders.ts";

/** Plugins that a test can replace. */
function replaceable(): { plugins: Plugins; readonly given: Plugins } {
  const held = {
    plugins: pluginsOf([aPlugin()]),
    given: {
      get all() {
        return held.plugins.all;
      },
      get: (name: string) => held.plugins.get(name),
      bestFor: (payload: unknown) => held.plugins.bestFor(payload),
    },
  };
  return held;
}

const region = joi.object({ region: joi.string() }) as never;

test("a plugin that takes the place of another serves its sources once they are recompiled", async () => {
  const held = replaceable();
  const master = sealer(Buffer.alloc(32, 1));
  const sources = new Sources({ store: aSourceStore(), plugins: held.given, sealer: master, now: () => noon });
  held.plugins = pluginsOf([aPlugin({ options: region })]);
  await sources.register({ source: "edr", plugin: "signed", secret: testSecret, options: { region: "eu" } });
  const before = sources.find("edr");

  const next = aPlugin({ title: "A newer one", options: region });
  held.plugins = pluginsOf([next]);
  assert.equal(sources.find("edr"), before, "nothing changes by itself");
  assert.deepEqual(sources.recompile(), []);
  const after = sources.find("edr");
  assert.equal(after?.plugin, next);
  assert.deepEqual([after?.options, after?.credentials], [{ region: "eu" }, before?.credentials]);
});

test("a source whose options no longer fit takes nothing, is told, and is itself again with the next plugin", async () => {
  const held = replaceable();
  const master = sealer(Buffer.alloc(32, 1));
  const sources = new Sources({ store: aSourceStore(), plugins: held.given, sealer: master, now: () => noon });
  held.plugins = pluginsOf([aPlugin({ options: region })]);
  await sources.register({ source: "edr", plugin: "signed", secret: testSecret, options: { region: "eu" } });

  held.plugins = pluginsOf([aPlugin()]);
  const [broken, ...others] = sources.recompile();
  assert.deepEqual(others, []);
  assert.match(broken?.problem ?? "", /its options are not valid any more: region is not allowed/);
  assert.equal(sources.find("edr")?.enabled, false);

  held.plugins = pluginsOf([aPlugin({ options: region })]);
  assert.deepEqual(sources.recompile(), []);
  assert.deepEqual(sources.find("edr")?.options, { region: "eu" });
});
