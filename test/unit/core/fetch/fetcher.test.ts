import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { FetchAccess } from "@thruway/sdk";
import { createFetcher, type Fetched, type FetcherLimits } from "../../../../core/fetch/fetcher.ts";
import { times } from "../../../contracts/builders.ts";

const access: FetchAccess = {
  tokenUrl: "https://login.example/token",
  clientId: "app",
  clientSecret: "throw-away-test-secret",
  origins: ["https://api.example"],
};
const limits: FetcherLimits = { atOnce: 2, requestMs: 200, totalMs: 400, largestBytes: 50, totalBytes: 100 };
const running = new AbortController().signal;

interface Asked {
  readonly url: string;
  readonly authorization: string | null;
  readonly body: string;
}

/** The other side: answers what `answer` says, a token for everything else. */
function aSide(
  answer: (asked: Asked, count: number) => Response | Promise<Response>,
  token = aToken,
): {
  readonly fetch: typeof globalThis.fetch;
  readonly asked: readonly Asked[];
} {
  const asked: Asked[] = [];
  return {
    asked,
    async fetch(input, init) {
      const request = new Request(input, init);
      const one = {
        url: request.url,
        authorization: request.headers.get("authorization"),
        body: init?.body instanceof URLSearchParams ? init.body.toString() : "",
      };
      init?.signal?.throwIfAborted();
      asked.push(one);
      const wait = one.url === access.tokenUrl ? token(one, asked.length) : answer(one, asked.length);
      const aborted = new Promise<never>((_, reject) => {
        init?.signal?.addEventListener("abort", () => reject(init.signal?.reason as Error));
      });
      return await Promise.race([wait, aborted]);
    },
  };
}

function aToken(_: Asked, count: number): Response {
  return Response.json({ access_token: `token-${count}`, expires_in: 3600, token_type: "Bearer" });
}

function pointers(...paths: readonly string[]): readonly { readonly url: string; readonly scope: string }[] {
  return paths.map((path) => ({ url: `https://api.example${path}`, scope: "https://api.example/.default" }));
}

function kinds(fetched: readonly Fetched[]): readonly string[] {
  return fetched.map((one) => (one.kind === "got" ? Buffer.from(one.bytes).toString() : `${one.kind}: ${one.reason}`));
}

describe("what is pointed at", () => {
  test("is fetched with a token that is asked for once, by client credentials", async () => {
    const side = aSide(({ url }) => new Response(new URL(url).pathname));
    const fetcher = createFetcher({ fetch: side.fetch }, limits);
    const fetched = await fetcher.fetchAll(pointers("/a", "/b", "/c", "/a"), access, running);
    assert.deepEqual(kinds(fetched).toSorted(), ["/a", "/b", "/c"]);
    await fetcher.fetchAll(pointers("/d"), access, running);
    const [first, ...others] = side.asked;
    assert.deepEqual(Object.fromEntries(new URLSearchParams(first?.body)), {
      grant_type: "client_credentials",
      client_id: "app",
      client_secret: "throw-away-test-secret",
      scope: "https://api.example/.default",
    });
    assert.deepEqual(
      others.map(({ authorization }) => authorization),
      times(4, () => "Bearer token-1"),
    );
  });

  test("is not asked for where the source fetches nothing, and no token is shown there", async () => {
    const side = aSide(() => assert.fail("it was asked for"));
    const fetcher = createFetcher({ fetch: side.fetch }, limits);
    const fetched = await fetcher.fetchAll([{ url: "https://evil.example/a", scope: "s" }], access, running);
    assert.deepEqual(kinds(fetched), ["gone: leads to where this source fetches nothing"]);
    assert.deepEqual(side.asked, []);
  });

  test("is gone where it is answered so, or larger than is taken", async () => {
    const answers: Readonly<Record<string, Response>> = {
      "/404": new Response("", { status: 404 }),
      "/410": new Response("", { status: 410 }),
      "/204": new Response(null, { status: 204 }),
      "/large": new Response("x".repeat(51)),
    };
    for (const [path, answer] of Object.entries(answers)) {
      const side = aSide(() => answer);
      const [one] = await createFetcher({ fetch: side.fetch }, limits).fetchAll(pointers(path), access, running);
      assert.equal(one?.kind, "gone", path);
    }
  });

  test("is bounded in size altogether", async () => {
    const side = aSide(() => new Response("x".repeat(40)));
    const fetched = await createFetcher({ fetch: side.fetch }, { ...limits, atOnce: 1 }).fetchAll(
      pointers("/a", "/b", "/c", "/d"),
      access,
      running,
    );
    assert.deepEqual(
      fetched.map(({ kind }) => kind),
      ["got", "got", "gone", "gone"],
    );
  });

  test("may be had later where the answer is an error, as late as the other side asks", async () => {
    for (const [status, header, wait] of [
      [429, "3", 3_000],
      [503, null, undefined],
      [403, null, undefined],
      [302, null, undefined],
    ] as const) {
      const headers = { location: "https://evil.example/", ...(header !== null && { "retry-after": header }) };
      const side = aSide(() => new Response("", { status, headers }));
      const fetched = await createFetcher({ fetch: side.fetch }, { ...limits, atOnce: 1 }).fetchAll(
        pointers("/a", "/b"),
        access,
        running,
      );
      assert.deepEqual(
        fetched.map((one) => ({ ...one })),
        [
          {
            kind: "failed",
            url: "https://api.example/a",
            reason: `answered ${status}`,
            ...(wait !== undefined && { retryAfterMs: wait }),
          },
        ],
        "the rest is not asked for",
      );
      assert.equal(side.asked.length, 2, "a redirect is not followed");
    }
  });

  test("may be had later where nobody answers, in time or at all", async () => {
    const silent = aSide(() => new Promise<never>(() => {}));
    const [late] = await createFetcher({ fetch: silent.fetch }, { ...limits, requestMs: 5 }).fetchAll(
      pointers("/a"),
      access,
      running,
    );
    assert.deepEqual(kinds(late === undefined ? [] : [late]), ["failed: did not answer in time"]);

    const refused = aSide(() => {
      throw new TypeError("fetch failed", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) });
    });
    const [one] = await createFetcher({ fetch: refused.fetch }, limits).fetchAll(pointers("/a"), access, running);
    assert.deepEqual(kinds(one === undefined ? [] : [one]), ["failed: ECONNREFUSED"]);
  });

  test("is left when the gateway stops", async () => {
    const stopping = new AbortController();
    const silent = aSide(() => new Promise<never>(() => {}));
    const fetching = createFetcher({ fetch: silent.fetch }, limits).fetchAll(pointers("/a"), access, stopping.signal);
    stopping.abort(new Error("the gateway stops"));
    assert.deepEqual(kinds(await fetching), ["failed: the gateway stops"]);
  });
});

describe("a token", () => {
  test("that is refused is asked for anew, once", async () => {
    const side = aSide(({ authorization }) =>
      authorization === "Bearer token-1" ? new Response("", { status: 401 }) : new Response("there"),
    );
    const fetched = await createFetcher({ fetch: side.fetch }, limits).fetchAll(pointers("/a"), access, running);
    assert.deepEqual(kinds(fetched), ["there"]);

    const never = aSide(() => new Response("", { status: 401 }));
    const refused = await createFetcher({ fetch: never.fetch }, limits).fetchAll(pointers("/a"), access, running);
    assert.deepEqual(kinds(refused), ["failed: answered 401"]);
    assert.equal(never.asked.length, 4);
  });

  test("is asked for again before it expires", async () => {
    let now = 0;
    const side = aSide(() => new Response("there"));
    const fetcher = createFetcher({ fetch: side.fetch, now: () => now }, limits);
    const tokens = async (): Promise<number> => {
      await fetcher.fetchAll(pointers("/a"), access, running);
      return side.asked.filter(({ url }) => url === access.tokenUrl).length;
    };
    assert.equal(await tokens(), 1);
    now = 3_539_999;
    assert.equal(await tokens(), 1);
    now = 3_540_000;
    assert.equal(await tokens(), 2);
  });

  test("is not shared by sources with other credentials, or for another scope", async () => {
    const side = aSide(() => new Response("there"));
    const fetcher = createFetcher({ fetch: side.fetch }, limits);
    await fetcher.fetchAll(pointers("/a"), access, running);
    await fetcher.fetchAll(pointers("/a"), { ...access, clientSecret: "another" }, running);
    await fetcher.fetchAll([{ url: "https://api.example/a", scope: "other" }], access, running);
    assert.equal(side.asked.filter(({ url }) => url === access.tokenUrl).length, 3);
  });

  test("that is not given says why, without a secret, and when to come back", async () => {
    const description = "AADSTS7000215: Invalid client secret provided. throw-away-test-secret";
    const answers: readonly (readonly [Response, string])[] = [
      [
        Response.json({ error: "invalid_client", error_description: description }, { status: 401 }),
        "failed: https://login.example gave no token: 401 invalid_client (AADSTS7000215)",
      ],
      [new Response("<html>", { status: 502 }), "failed: https://login.example gave no token: 502"],
      [Response.json({ token: 1 }), "failed: https://login.example answered with something that is no token"],
    ];
    for (const [answer, reason] of answers) {
      const side = aSide(
        () => assert.fail("it was asked for"),
        () => answer,
      );
      const fetched = await createFetcher({ fetch: side.fetch }, limits).fetchAll(pointers("/a"), access, running);
      assert.deepEqual(kinds(fetched), [reason]);
    }
    const busy = aSide(
      () => assert.fail("it was asked for"),
      () => new Response("", { status: 429, headers: { "retry-after": "9" } }),
    );
    const [one] = await createFetcher({ fetch: busy.fetch }, limits).fetchAll(pointers("/a"), access, running);
    assert.equal(one?.kind === "failed" && one.retryAfterMs, 9_000);
  });

  test("is not asked for over a connection that others can read", async () => {
    const side = aSide(() => assert.fail("it was asked for"));
    const open = { ...access, tokenUrl: "http://login.example/token" };
    const fetched = await createFetcher({ fetch: side.fetch }, limits).fetchAll(pointers("/a"), open, running);
    assert.deepEqual(kinds(fetched), ["failed: http://login.example is not asked for a token: it is not https"]);
    assert.deepEqual(side.asked, []);
  });
});
