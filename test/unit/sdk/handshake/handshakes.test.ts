import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type Delivery,
  eventGridValidation,
  type Fetch,
  firstOf,
  type Greeted,
  githubPing,
  graphValidation,
  type Handshake,
  officeValidation,
  oktaChallenge,
  PluginError,
  type Reply,
  slackUrlVerification,
  snsSubscription,
} from "@thruway/sdk";
import * as fc from "fast-check";
import { confirmation, posted, topic } from "../../../vectors/aws-sns.ts";
import { aDelivery, type Parts } from "../a-delivery.ts";

const nothing: Fetch = () => assert.fail("it fetches");

function before(handshake: Handshake, parts: Parts): Reply | undefined {
  return handshake.before?.(aDelivery(parts), {});
}

function after(handshake: Handshake, parts: Parts, fetch = nothing): Greeted | Promise<Greeted> | undefined {
  return handshake.after?.(aDelivery(parts), {}, fetch);
}

function plain(body: string): Reply {
  return { status: 200, type: "text/plain", body };
}

function json(body: object): Reply {
  return { status: 200, type: "application/json", body: JSON.stringify(body) };
}

/** What no handshake echoes to anybody. */
const unfit = ["", "a".repeat(513), "a\nb", "a\u0000b", "é", "\u202e"];

describe("Microsoft Graph's validation", () => {
  const ask = (query: string, parts: Parts = {}): Reply | undefined =>
    before(graphValidation(), {
      url: `/api/webhooks/mail${query}`,
      headers: { "Content-Type": "text/plain" },
      ...parts,
    });

  test("is repeated, decoded", () => {
    assert.deepEqual(ask("?validationToken=Validation%3A+Token%2B1"), plain("Validation: Token+1"));
    assert.deepEqual(ask("?token=a&validationToken=b", { headers: {} }), plain("b"));
  });

  test("is nothing that is missing, twice there, JSON, no POST, or unfit to be echoed", () => {
    for (const query of ["", "?validationToken=", "?validationtoken=a", "?validationToken=a&validationToken=b"]) {
      assert.equal(ask(query), undefined, query);
    }
    assert.equal(ask("?validationToken=a", { headers: { "Content-Type": "application/json" } }), undefined);
    assert.equal(ask("?validationToken=a", { method: "GET" }), undefined);
    for (const text of unfit) assert.equal(ask(`?validationToken=${encodeURIComponent(text)}`), undefined, text);
  });
});

describe("the validation of the Office 365 Management API", () => {
  const ask = (header: string | readonly string[], code: unknown, parts: Parts = {}): Reply | undefined =>
    before(officeValidation(), {
      headers: { "Webhook-ValidationCode": header },
      body: JSON.stringify({ validationCode: code }),
      ...parts,
    });

  test("is answered with nothing but a 200 where header and body say the same", () => {
    assert.deepEqual(ask("code-1", "code-1"), plain(""));
  });

  test("is nothing else", () => {
    assert.equal(ask("code-1", "code-2"), undefined);
    assert.equal(ask("code-1", ["code-1"]), undefined);
    assert.equal(ask(["code-1", "code-1"], "code-1"), undefined);
    assert.equal(ask("code-1", "code-1", { method: "PUT" }), undefined);
    assert.equal(ask("code-1", "code-1", { headers: {} }), undefined);
    assert.equal(ask("code-1", "code-1", { body: "{" }), undefined);
    assert.equal(
      ask("code-1", "code-1", { body: `{"validationCode":"code-1","x":"${"x".repeat(16_384)}"}` }),
      undefined,
    );
    for (const text of unfit) assert.equal(ask(text, text), undefined, text);
  });
});

describe("Okta's challenge", () => {
  const ask = (value: string | readonly string[], method = "GET"): Reply | undefined =>
    before(oktaChallenge(), { method, body: "", headers: { "X-Okta-Verification-Challenge": value } });

  test("is repeated as JSON", () => {
    assert.deepEqual(ask("abc"), json({ verification: "abc" }));
    assert.deepEqual(ask('"}</script>'), json({ verification: '"}</script>' }));
  });

  test("is nothing that is twice there, posted, or unfit to be echoed", () => {
    assert.equal(ask(["abc", "abc"]), undefined);
    assert.equal(ask("abc", "POST"), undefined);
    assert.equal(before(oktaChallenge(), { method: "GET" }), undefined);
    for (const text of unfit) assert.equal(ask(text), undefined, text);
  });
});

describe("Event Grid's validation", () => {
  const type = "Microsoft.EventGrid.SubscriptionValidationEvent";
  const ask = (body: unknown, header = "SubscriptionValidation", method = "POST"): Reply | undefined =>
    before(eventGridValidation(), { method, body: JSON.stringify(body), headers: { "aeg-event-type": header } });
  const event = (validationCode: unknown, eventType = type): object => ({ eventType, data: { validationCode } });

  test("is answered with its code", () => {
    assert.deepEqual(ask([event("512d38b6")]), json({ validationResponse: "512d38b6" }));
  });

  test("is nothing else", () => {
    for (const body of [
      [],
      [event("a"), event("b")],
      event("a"),
      [event("a", "Microsoft.Storage")],
      [event(5)],
      [null],
    ]) {
      assert.equal(ask(body), undefined, JSON.stringify(body));
    }
    assert.equal(ask([event("a")], "Notification"), undefined);
    assert.equal(ask([event("a")], "SubscriptionValidation", "GET"), undefined);
    assert.equal(before(eventGridValidation(), { body: JSON.stringify([event("a")]) }), undefined);
    for (const text of unfit) assert.equal(ask([event(text)]), undefined, text);
  });
});

describe("Slack's challenge", () => {
  const ask = (body: object, method = "POST"): unknown =>
    after(slackUrlVerification(), { method, body: JSON.stringify(body) });

  test("is repeated once it is proven, and not before", () => {
    assert.deepEqual(ask({ type: "url_verification", challenge: "abc" }), plain("abc"));
    assert.equal(slackUrlVerification().before, undefined);
  });

  test("is nothing else", () => {
    assert.equal(ask({ type: "event_callback", challenge: "abc" }), undefined);
    assert.equal(ask({ type: "event_callback", event: { text: "url_verification" } }), undefined);
    assert.equal(ask({ type: "url_verification" }), undefined);
    assert.equal(ask({ type: "url_verification", challenge: "abc" }, "GET"), undefined);
    for (const challenge of unfit) assert.equal(ask({ type: "url_verification", challenge }), undefined, challenge);
  });
});

test("GitHub's ping is ignored with a reason, and its events are not", () => {
  const ask = (event: string | readonly string[]): unknown =>
    after(githubPing(), { headers: { "X-GitHub-Event": event } });
  assert.deepEqual(ask("ping"), { ignored: "ping of GitHub" });
  for (const event of ["push", "PING", "", ["ping", "ping"]]) assert.equal(ask(event), undefined);
  assert.equal(after(githubPing(), {}), undefined);
});

describe("the subscription of AWS SNS", () => {
  const open = snsSubscription({ topics: [topic], confirm: true });
  const answering =
    (ok: boolean): Fetch =>
    ({ url, host, freshForSeconds }) => {
      assert.deepEqual([url, freshForSeconds], [confirmation.SubscribeURL, 0]);
      assert.ok(host instanceof RegExp && host.test(new URL(url).host));
      return Promise.resolve(ok ? { ok, text: "", at: new Date() } : { ok });
    };

  test("is confirmed where that is allowed, and is away where SNS is", async () => {
    const confirmed = await after(open, posted(confirmation), answering(true));
    assert.deepEqual(confirmed, { ignored: `Subscription of ${topic} was confirmed` });
    assert.deepEqual(await after(open, posted(confirmation), answering(false)), { unreachable: true });
  });

  test("is left to the operator where it is not allowed", () => {
    const closed = snsSubscription({ topics: [topic] });
    assert.deepEqual(after(closed, posted(confirmation)), {
      ignored: `AWS SNS asks for a subscription of ${topic}: to confirm it, open ${confirmation.SubscribeURL}`,
    });
  });

  test("is not confirmed for another topic, nor anywhere but at SNS", () => {
    const other = "arn:aws:sns:us-west-2:123456789012:Other";
    assert.deepEqual(after(open, posted({ ...confirmation, TopicArn: other })), {
      ignored: `AWS SNS asks for a subscription of ${other}, which is not allowed here`,
    });
    for (const SubscribeURL of [
      confirmation.SubscribeURL.replace("https", "http"),
      confirmation.SubscribeURL.replace("sns.us-west-2", "sns.s3-us-west-2"),
      confirmation.SubscribeURL.replace("?Action=", "?Action=DeleteTopic&Action="),
      confirmation.SubscribeURL.replace(topic, other),
      `${confirmation.SubscribeURL}&TopicArn=${other}`,
      confirmation.SubscribeURL.replace("https://", "https://user:pass@"),
      "about:blank",
      "",
    ]) {
      assert.deepEqual(after(open, posted({ ...confirmation, SubscribeURL })), {
        ignored: `AWS SNS asks for a subscription of ${topic}, but its link does not lead to AWS SNS`,
      });
    }
  });

  test("ends with a line for the operator, and opens nothing", () => {
    assert.deepEqual(after(open, posted({ ...confirmation, Type: "UnsubscribeConfirmation" })), {
      ignored: `AWS SNS has ended the subscription of ${topic}`,
    });
  });

  test("is no notification, and nothing that only speaks of it", () => {
    const { Token: _, SubscribeURL: __, ...rest } = confirmation;
    assert.equal(after(open, posted({ ...rest, Type: "Notification" })), undefined);
    assert.equal(after(open, posted(rest)), undefined);
    assert.equal(after(open, { body: "SubscriptionConfirmation" }), undefined);
  });

  test("needs topics", () => {
    assert.throws(() => snsSubscription({ topics: [], confirm: true }), PluginError);
  });
});

describe("several as one", () => {
  const both = firstOf(graphValidation(), oktaChallenge(), githubPing(), slackUrlVerification());

  test("answer each its own", () => {
    assert.deepEqual(before(both, { url: "/?validationToken=a" }), plain("a"));
    const headers = { "X-Okta-Verification-Challenge": "b" };
    assert.deepEqual(before(both, { method: "GET", headers }), json({ verification: "b" }));
    assert.deepEqual(after(both, { headers: { "X-GitHub-Event": "ping" } }), { ignored: "ping of GitHub" });
    assert.equal(before(both, {}), undefined);
    assert.equal(after(both, {}), undefined);
  });

  test("come before or after authentication as they do", () => {
    assert.deepEqual(Object.keys(firstOf(graphValidation())), ["before"]);
    assert.deepEqual(Object.keys(firstOf(githubPing())), ["after"]);
    assert.deepEqual(Object.keys(both), ["before", "after"]);
    assert.deepEqual(firstOf(), {});
  });
});

test("whatever a stranger sends, nothing throws, and what is echoed is short, printable and no page", () => {
  const all = firstOf(graphValidation(), officeValidation(), oktaChallenge(), eventGridValidation());
  const text = fc.oneof(fc.string({ unit: "binary", maxLength: 600 }), fc.string({ maxLength: 600 }));
  const body = fc.oneof(
    text,
    text.map((validationCode) => JSON.stringify({ validationCode })),
    text.map((validationCode) =>
      JSON.stringify([{ eventType: "Microsoft.EventGrid.SubscriptionValidationEvent", data: { validationCode } }]),
    ),
  );
  const property = fc.property(text, body, fc.constantFrom("GET", "POST", "PUT"), (value, sent, method) => {
    const delivery: Delivery = aDelivery({
      method,
      body: sent,
      url: `/api/webhooks/mail?validationToken=${encodeURIComponent(value.toWellFormed())}`,
      headers: {
        "Webhook-ValidationCode": value,
        "X-Okta-Verification-Challenge": value,
        "aeg-event-type": "SubscriptionValidation",
      },
    });
    const reply = all.before?.(delivery, {});
    if (reply === undefined) return;
    assert.ok(["text/plain", "application/json"].includes(reply.type));
    assert.match(reply.body, /^[\x20-\x7e]{0,2000}$/);
    assert.equal(reply.status, 200);
  });
  fc.assert(property, { numRuns: 500 });
});
