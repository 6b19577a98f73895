import assert from "node:assert/strict";
import { test } from "node:test";
import { ignore, type MapResult, PayloadError, type Plugin, pointers } from "@thruway/sdk";
import type { Fetched } from "../../../../core/fetch/fetcher.ts";
import { type Followed, follow } from "../../../../core/ingest/follow.ts";
import { startJourney } from "../../../../core/ingest/journey.ts";
import { type Made, process } from "../../../../core/ingest/process.ts";
import { pluginsOf } from "../../../../core/registry/plugins.ts";
import { Sources } from "../../../../core/sources/sources.ts";
import { aPlugin, aSourceStore, noon, testSealer, testSecret } from "../builders.ts";

const access = {
  tokenUrl: "https://login.example",
  clientId: "a",
  clientSecret: "b",
  origins: ["https://api.example"],
};
const making = { newId: () => "id", at: noon, receivedAt: noon, tags: [] };
const running = new AbortController().signal;

/** A plugin that reads `{"title": "at a, b"}` as pointers to a and b, and maps everything else to an alert. */
function aPointingPlugin(map: (title: string) => MapResult = (title) => ({ type: "alert", title })): Plugin {
  return aPlugin({
    fetch: () => access,
    map({ title }) {
      if (!title.startsWith("at ")) return map(title);
      const paths = title.slice(3).split(", ");
      return pointers(
        paths.map((path) => ({ url: `https://api.example/${path}`, scope: "s" })),
        "only points",
      );
    },
  });
}

interface Given {
  readonly plugin?: Plugin;
  readonly body?: string;
  readonly last?: boolean;
  readonly answers?: Readonly<Record<string, Partial<Fetched> | string>>;
}

async function followed({
  plugin = aPointingPlugin(),
  body = '{"title":"at a, b"}',
  last = false,
  answers = {},
}: Given): Promise<Followed> {
  const plugins = pluginsOf([plugin]);
  const sources = new Sources({ store: aSourceStore(), plugins, sealer: testSealer, now: () => noon });
  await sources.register({ source: "edr", secret: testSecret, plugin: plugin.name });
  const source = sources.find("edr");
  assert.ok(source);
  const context = { plugins, making, key: "key", journey: startJourney(() => 0) };
  const made: Made = process({ body: Buffer.from(body), headers: {} }, source, context);
  assert.ok(made.pointed, made.reason);
  assert.deepEqual([made.outcome, made.drafts], ["queued", []]);
  const fetcher = {
    fetchAll: (all: readonly { readonly url: string }[]) =>
      Promise.resolve(
        all.map(({ url }): Fetched => {
          const answer = answers[url.slice("https://api.example/".length)] ?? '{"title":"fetched"}';
          return typeof answer === "string"
            ? { kind: "got", url, bytes: Buffer.from(answer) }
            : ({ url, reason: "answered", ...answer } as Fetched);
        }),
      ),
  };
  return follow(made, made.pointed, source, { fetcher, making, last, signal: running });
}

function titles({ drafts }: Made): readonly string[] {
  return drafts.map(({ title }) => title);
}

test("what is pointed at is mapped as if it had been delivered", async () => {
  const made = await followed({ answers: { a: '{"title":"A"}', b: '{"title":"B"}' } });
  assert.deepEqual([made.outcome, made.plugin, made.key, made.reason], ["accepted", "signed", "key", undefined]);
  assert.deepEqual(titles(made), ["A", "B"]);
});

test("what a delivery holds besides comes along", async () => {
  const plugin = aPlugin({
    fetch: () => access,
    map: ({ title }) =>
      title === "fetched"
        ? { type: "alert", title }
        : pointers([{ url: "https://api.example/a", scope: "s" }], "only points", [{ type: "alert", title }]),
  });
  assert.deepEqual(titles(await followed({ plugin, body: '{"title":"held"}' })), ["held", "fetched"]);
});

test("a thing that may be had later leaves all of it queued, until nobody will ask again", async () => {
  const answers = { a: '{"title":"A"}', b: { kind: "failed", reason: "answered 503", retryAfterMs: 9_000 } } as const;
  const made = await followed({ answers });
  const reason = "https://api.example/b answered 503";
  assert.deepEqual([made.outcome, made.reason, made.retryAfterMs, made.drafts], ["queued", reason, 9_000, []]);
  assert.equal(made.refusal?.code, "fetch_failed");

  const last = await followed({ answers, last: true });
  assert.deepEqual([last.outcome, titles(last)], ["accepted", ["A"]]);
  assert.equal(last.reason, `1 of 2 could not be had: ${reason}`);

  const none = await followed({ answers: { a: answers.b, b: answers.b }, last: true });
  assert.deepEqual([none.outcome, none.refusal?.code, none.drafts], ["queued", "fetch_failed", []]);
});

test("a thing that is gone is left out, and asked for again where it is all there is", async () => {
  const gone = { kind: "gone", reason: "answered 404" } as const;
  const made = await followed({ answers: { a: gone } });
  assert.deepEqual([made.outcome, titles(made)], ["accepted", ["fetched"]]);
  assert.equal(made.reason, "1 of 2 could not be had: https://api.example/a answered 404");
  const all = await followed({ answers: { a: gone, b: gone } });
  assert.deepEqual([all.outcome, all.reason], ["queued", "https://api.example/a answered 404"]);
});

test("what cannot be understood is rejected with where it lies, unless something else can", async () => {
  const plugin = aPointingPlugin((title) => {
    if (title === "odd") throw new PayloadError("title", "is odd");
    return { type: "alert", title };
  });
  for (const [answer, message] of [
    ["{", /Body is not valid JSON/],
    ["[]", /does not have the shape that the plugin 'signed' expects/],
    ['{"title":"odd"}', /title is odd/],
  ] as const) {
    const made = await followed({ plugin, answers: { a: answer, b: answer } });
    assert.deepEqual([made.outcome, made.refusal?.code, made.drafts], ["rejected", "invalid_payload", []]);
    assert.deepEqual(
      made.refusal?.details?.map(({ path }) => path),
      ["https://api.example/a", "https://api.example/b"],
    );
    assert.match(made.refusal?.message ?? "", message);
    const some = await followed({ plugin, answers: { a: answer } });
    assert.deepEqual([some.outcome, titles(some)], ["accepted", ["fetched"]]);
    assert.match(some.reason ?? "", message);
  }
});

test("what holds no alert is ignored, and what points on is not followed for ever", async () => {
  const made = await followed({ plugin: aPointingPlugin(() => ignore("audit event")) });
  assert.deepEqual([made.outcome, made.reason], ["ignored", "audit event"]);
  const on = await followed({ answers: { a: '{"title":"at c"}', b: '{"title":"at d"}' } });
  assert.deepEqual([on.outcome, on.reason], ["ignored", "what it points at holds no alert"]);
});

test("a plugin that fails over what was fetched leaves it queued", async () => {
  const made = await followed({ plugin: aPointingPlugin(() => assert.fail("a bug")) });
  assert.deepEqual([made.outcome, made.reason], ["queued", "The plugin 'signed' failed: a bug"]);
  assert.ok(made.failure);
});
