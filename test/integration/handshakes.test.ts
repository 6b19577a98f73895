import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { aGateway, type TestGateway, testSecret } from "../support/gateway.ts";
import { seconds } from "../support/signed.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await aGateway();
  const generic = (source: string, options: object): Promise<unknown> =>
    gateway.api("POST", "/api/webhooks", { source, plugin: "generic", secret: testSecret, options });
  const byHeader = { scheme: "token", header: "Authorization" };
  await generic("okta", { signature: byHeader, handshake: "okta" });
  await generic("grid", { signature: { scheme: "token", query: "token" }, handshake: "event-grid" });
  await generic("slack", { signature: { scheme: "slack" } });
  await generic("github", { signature: { scheme: "github" } });
  await generic("plain", { signature: byHeader });
  await gateway.api("POST", "/api/webhooks", { source: "mail", plugin: "defender", secret: testSecret });
});
after(() => gateway[Symbol.asyncDispose]());

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly sniff: string | null;
  readonly text: string;
}

async function ask(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(`${gateway.url}/api/webhooks/${path}`, init);
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    sniff: response.headers.get("x-content-type-options"),
    text: await response.text(),
  };
}

function post(path: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return ask(path, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
}

const plain = { status: 200, type: "text/plain; charset=utf-8", sniff: "nosniff" } as const;
const json = { status: 200, type: "application/json; charset=utf-8", sniff: "nosniff" } as const;

async function stored(
  source: string,
): Promise<readonly { readonly outcome: string; readonly reason: string | null }[]> {
  const { body } = await gateway.api(
    "GET",
    `/api/deliveries?source=${source}&outcome=accepted,ignored,queued,rejected`,
  );
  return body.data.map(({ outcome, reason }: { readonly outcome: string; readonly reason: string | null }) => ({
    outcome,
    reason,
  }));
}

describe("a challenge that is not signed is answered as its vendor wants it, and stores nothing:", () => {
  test("Microsoft Graph's validation token", async () => {
    const answer = await post("mail?validationToken=Validation%3A+Token%2B1", "", { "content-type": "text/plain" });
    assert.deepEqual(answer, { ...plain, text: "Validation: Token+1" });
  });

  test("the code of the Office 365 Management API", async () => {
    const headers = { "webhook-validationcode": "code-1" };
    assert.deepEqual(await post("mail", '{"validationCode":"code-1"}', headers), { ...plain, text: "" });
    assert.equal((await post("mail", '{"validationCode":"code-2"}', headers)).status, 401);
  });

  test("Event Grid's event", async () => {
    const event = {
      eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
      data: { validationCode: "512d38b6-c7b8-40c8-89fe-f46f9e9622b6" },
    };
    const headers = { "aeg-event-type": "SubscriptionValidation" };
    const answer = await post("grid?token=unknown", JSON.stringify([event]), headers);
    assert.deepEqual(answer, { ...json, text: '{"validationResponse":"512d38b6-c7b8-40c8-89fe-f46f9e9622b6"}' });
  });

  test("Event Grid's question whether it may send, by an OPTIONS", async () => {
    const ask = (source: string, headers: Readonly<Record<string, string>>): Promise<Response> =>
      fetch(`${gateway.url}/api/webhooks/${source}?token=unknown`, { method: "OPTIONS", headers });
    const answer = await ask("grid", {
      "webhook-request-origin": "eventgrid.azure.net",
      "webhook-request-rate": "120",
    });
    assert.deepEqual(
      [answer.status, ...["webhook-allowed-origin", "webhook-allowed-rate"].map((name) => answer.headers.get(name))],
      [200, "eventgrid.azure.net", "120"],
    );
    for (const [source, headers] of [
      ["grid", {}],
      ["plain", { "webhook-request-origin": "eventgrid.azure.net" }],
      ["nobody", { "webhook-request-origin": "eventgrid.azure.net" }],
    ] as const) {
      assert.equal((await ask(source, headers)).status, 405, source);
    }
  });

  test("Okta's challenge, by a GET", async () => {
    const answer = await ask("okta", { headers: { "x-okta-verification-challenge": "abc123" } });
    assert.deepEqual(answer, { ...json, text: '{"verification":"abc123"}' });
  });

  after(async () => {
    for (const source of ["mail", "grid", "okta"]) assert.deepEqual(await stored(source), [], source);
  });
});

describe("a GET on a source's address", () => {
  test("without a challenge needs a token, and then shows the source", async () => {
    assert.equal((await ask("okta", {})).status, 401);
    const authorized = { headers: { authorization: `Bearer ${gateway.token}` } };
    const shown = await ask("okta", authorized);
    assert.equal(JSON.parse(shown.text).source, "okta");
  });

  test("with a challenge that its plugin does not know, or for nobody, is one without", async () => {
    const headers = { "x-okta-verification-challenge": "abc123" };
    for (const source of ["plain", "mail", "nobody"])
      assert.equal((await ask(source, { headers })).status, 401, source);
  });

  test("is not answered for what is no text to echo", async () => {
    for (const challenge of ["", "a".repeat(513), "\u00e9"]) {
      assert.equal((await ask("okta", { headers: { "x-okta-verification-challenge": challenge } })).status, 401);
    }
  });

  test("shows a source whose name is like a challenge's only with a token, by HEAD too", async () => {
    const headers = { "x-okta-verification-challenge": "abc123" };
    assert.equal((await ask("okta", { method: "HEAD", headers })).status, 401);
  });
});

describe("a challenge that is signed", () => {
  const challenge =
    '{"type":"url_verification","token":"t","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}';

  function slackHeaders(body: string, secret = testSecret): Readonly<Record<string, string>> {
    const time = seconds();
    const signature = createHmac("sha256", secret).update(`v0:${time}:${body}`).digest("hex");
    return { "x-slack-request-timestamp": time, "x-slack-signature": `v0=${signature}` };
  }

  test("of Slack is answered to Slack, and to nobody else", async () => {
    const text = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P";
    assert.deepEqual(await post("slack", challenge, slackHeaders(challenge)), { ...plain, text });
    assert.equal((await post("slack", challenge, slackHeaders(challenge, "another-secret"))).status, 401);
    assert.equal((await post("slack", challenge)).status, 401);
    assert.deepEqual(await stored("slack"), []);
  });

  test("of Slack with a page in it is no challenge", async () => {
    const page = challenge.replace(/3eZ\w+/, "<script>\\u0000</script>");
    assert.equal((await post("slack", page, slackHeaders(page))).status, 422);
  });

  test("of GitHub, its ping, is kept as ignored, and makes no incident", async () => {
    const body = '{"zen":"Keep it logically awesome.","hook_id":1}';
    const sign = (secret: string): string => `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    const headers = { "x-github-event": "ping", "x-hub-signature-256": sign(testSecret) };
    const answer = await post("github", body, headers);
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [202, { status: "ignored", message: "ping of GitHub" }]);
    assert.equal((await post("github", body, { ...headers, "x-hub-signature-256": sign("another") })).status, 401);
    assert.deepEqual(await stored("github"), [{ outcome: "ignored", reason: "ping of GitHub" }]);
  });
});

test("the stage of signed handshakes is passed by sources that have one, and by no other", async () => {
  const stagesOf = async (source: string): Promise<readonly string[]> => {
    const { body } = await gateway.api("POST", `/api/webhooks/${source}/test`);
    assert.equal(body.ok, true, JSON.stringify(body));
    return body.stages.map(({ stage }: { readonly stage: string }) => stage);
  };
  assert.ok((await stagesOf("slack")).includes("signed_handshake"));
  assert.ok(!(await stagesOf("plain")).includes("signed_handshake"));
});
