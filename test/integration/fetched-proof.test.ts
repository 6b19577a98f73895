import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, test } from "node:test";
import { type Answered, aGateway, type TestGateway } from "../support/gateway.ts";
import { certificate, certificateUrl, printedKey, topic } from "../vectors/aws-sns.ts";

/** An issuer of tokens on this machine, which a test can turn off and whose keys it can change. */
async function anIssuer() {
  let isUp = true;
  let keys: readonly { readonly kid: string; readonly pair: { publicKey: KeyObject; privateKey: KeyObject } }[] = [];
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    if (!isUp) {
      response.writeHead(500).end();
      return;
    }
    const jwks = keys.map(({ kid, pair }) => ({ ...pair.publicKey.export({ format: "jwk" }), kid }));
    response.end(JSON.stringify({ keys: jwks }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/keys`,
    asked: () => asked,
    turn: (up: boolean) => {
      isUp = up;
    },
    newKey(kid: string) {
      keys = [...keys, { kid, pair: generateKeyPairSync("ec", { namedCurve: "P-256" }) }];
    },
    token(kid: string, claims: object = {}) {
      const now = Math.floor(Date.now() / 1000);
      const all = { iss: "https://issuer.example/", aud: "api://thruway", exp: now + 600, ...claims };
      const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString("base64url");
      const signed = `${encode({ alg: "ES256", kid })}.${encode(all)}`;
      const key = keys.find((each) => each.kid === kid)?.pair.privateKey ?? assert.fail(kid);
      const signature = sign("SHA256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
      return `${signed}.${signature.toString("base64url")}`;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

const event = '{"event_type":"security_alert","data":{"alert_id":"a"}}';

function deliver(gateway: TestGateway, source: string, token: string, body = event): Promise<Answered> {
  return gateway.send(source, body, {
    headers: { "x-webhook-signature": null, "x-webhook-timestamp": null, authorization: `Bearer ${token}` },
  });
}

describe("a bearer token", () => {
  let gateway: TestGateway;
  let issuer: Awaited<ReturnType<typeof anIssuer>>;
  before(async () => {
    gateway = await aGateway();
    issuer = await anIssuer();
    issuer.newKey("first");
    const signature = {
      scheme: "bearer-jwt",
      issuer: "https://issuer.example/",
      audience: "api://thruway",
      jwks_url: issuer.url,
    };
    const registered = await gateway.api("POST", "/api/webhooks", {
      source: "monitor",
      plugin: "generic",
      options: { signature },
    });
    assert.equal(registered.status, 201, JSON.stringify(registered.body));
  });
  after(async () => {
    await gateway[Symbol.asyncDispose]();
    await issuer.close();
  });

  test("is refused with 503 while its issuer's keys cannot be had, and never let in", async () => {
    issuer.turn(false);
    const { status, headers, body } = await deliver(gateway, "monitor", issuer.token("first"));
    assert.deepEqual([status, body.error.code, headers.get("retry-after")], [503, "vendor_unreachable", "10"]);
    assert.ok(!JSON.stringify(body).includes("127.0.0.1"), "the sender is told where the gateway asks");
    issuer.turn(true);
  });

  test("makes nobody ask anything where it is none, or of somebody else", async () => {
    const before = issuer.asked();
    const other = issuer.token("first", { iss: "https://attacker.example/" });
    for (const token of ["abc", "a.b.c", other]) {
      assert.equal((await deliver(gateway, "monitor", token)).status, 401, token);
    }
    assert.equal(issuer.asked(), before);
  });

  test("cannot be tested in its sender's place, and the answer says so", async () => {
    const { body } = await gateway.api("POST", "/api/webhooks/monitor/test");
    assert.deepEqual([body.ok, body.note], [true, "How the sender proves itself was not tried: only it can"]);
  });
});

test("keys are fetched once for many tokens, and again for a key that is new", async () => {
  await using gateway = await aGateway();
  const issuer = await anIssuer();
  try {
    issuer.newKey("first");
    const signature = {
      scheme: "bearer-jwt",
      issuer: "https://issuer.example/",
      audience: "api://thruway",
      jwks_url: issuer.url,
      claims: { azp: "monitor" },
    };
    await gateway.api("POST", "/api/webhooks", { source: "monitor", plugin: "generic", options: { signature } });
    const token = issuer.token("first", { azp: "monitor" });
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, index) => deliver(gateway, "monitor", token, event.replace('"a"', `"a${index}"`))),
    );
    assert.deepEqual(
      answers.map(({ status }) => status),
      [202, 202, 202, 202, 202],
    );
    assert.equal(issuer.asked(), 1);

    const codeOf = async (claims: object): Promise<string> =>
      (await deliver(gateway, "monitor", issuer.token("first", claims))).body.error.code;
    assert.equal(await codeOf({ azp: "another" }), "invalid_signature");
    assert.equal(await codeOf({ azp: "monitor", aud: "api://another" }), "invalid_signature");
    assert.equal(await codeOf({ azp: "monitor", exp: 1 }), "invalid_signature");
    assert.equal(await codeOf({ azp: "monitor", exp: undefined }), "invalid_signature");
    assert.equal(await codeOf({ azp: "monitor", nbf: 4_000_000_000 }), "invalid_signature");
    assert.equal(issuer.asked(), 1);
  } finally {
    await issuer.close();
  }
});

describe("AWS SNS", () => {
  const link = `https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&TopicArn=${topic}&Token=t`;
  let gateway: TestGateway;
  let asked: string[] = [];
  let confirms = true;
  before(async () => {
    gateway = await aGateway(
      {},
      {
        httpGet: (url) => {
          asked.push(url);
          if (url === certificateUrl) return Promise.resolve(certificate);
          return confirms ? Promise.resolve("<ConfirmSubscriptionResponse/>") : Promise.reject(new Error("it is away"));
        },
      },
    );
    for (const [source, confirm_subscriptions] of [
      ["sns", false],
      ["sns-open", true],
    ] as const) {
      const signature = { scheme: "aws-sns", topics: [topic], confirm_subscriptions };
      const { status, body } = await gateway.api("POST", "/api/webhooks", {
        source,
        plugin: "generic",
        options: { signature },
      });
      assert.equal(status, 201, JSON.stringify(body));
    }
  });
  after(() => gateway[Symbol.asyncDispose]());

  const privateKey = createPrivateKey({ key: printedKey, format: "jwk" });

  function post(source: string, message: Readonly<Record<string, string>>): Promise<Answered> {
    const names = ["Message", "MessageId", "SubscribeURL", "Subject", "Timestamp", "Token", "TopicArn", "Type"];
    const signed = names.flatMap((name) => (message[name] === undefined ? [] : [`${name}\n${message[name]}\n`]));
    const body = {
      ...message,
      SignatureVersion: "2",
      Signature: sign("RSA-SHA256", Buffer.from(signed.join("")), privateKey).toString("base64"),
      SigningCertURL: certificateUrl,
    };
    return gateway.send(source, JSON.stringify(body), {
      headers: {
        "x-webhook-signature": null,
        "x-webhook-timestamp": null,
        "content-type": "text/plain; charset=UTF-8",
        "x-amz-sns-message-type": message.Type ?? "",
      },
    });
  }

  function confirmation(changes: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
    return {
      Type: "SubscriptionConfirmation",
      MessageId: "m",
      Token: "t",
      TopicArn: topic,
      Message: "Confirm",
      SubscribeURL: link,
      Timestamp: new Date().toISOString(),
      ...changes,
    };
  }

  test("leaves its link to the operator, where the source does not say that it may be confirmed", async () => {
    asked = [];
    const { status, body } = await post("sns", confirmation());
    assert.deepEqual([status, body.status], [202, "ignored"]);
    assert.equal(body.message, `AWS SNS asks for a subscription of ${topic}: to confirm it, open ${link}`);
    assert.deepEqual(asked, [certificateUrl]);
    const { body: deliveries } = await gateway.api("GET", "/api/deliveries?source=sns&outcome=ignored");
    assert.equal(deliveries.data[0].reason, body.message);
  });

  test("is confirmed by a GET on its link, where the source says so", async () => {
    asked = [];
    const { status, body } = await post("sns-open", confirmation());
    assert.deepEqual([status, body.message], [202, `Subscription of ${topic} was confirmed`]);
    assert.deepEqual(asked, [link]);
  });

  test("comes again where it does not answer to its confirmation", async () => {
    confirms = false;
    const { status, body } = await post("sns-open", confirmation({ SubscribeURL: `${link}2` }));
    assert.deepEqual([status, body.error.code], [503, "vendor_unreachable"]);
    confirms = true;
  });

  test("leads to nowhere but SNS, signed as its link may be", async () => {
    asked = [];
    for (const SubscribeURL of [
      link.replace("sns.us-west-2.amazonaws.com", "attacker.example"),
      link.replace("https:", "http:"),
      link.replace("ConfirmSubscription", "DeleteTopic"),
      link.replace("MyTopic", "Another"),
      link.replace(".com/", ".com/path"),
      "http://169.254.169.254/latest/meta-data",
    ]) {
      const { status, body } = await post("sns-open", confirmation({ SubscribeURL }));
      assert.equal(status, 202);
      assert.match(body.message, /its link does not lead to AWS SNS$/, SubscribeURL);
    }
    assert.deepEqual(asked, []);
  });

  test("is known by its signature, whoever else has a link", async () => {
    const { status } = await gateway.send("sns-open", JSON.stringify(confirmation()), {
      headers: { "x-webhook-signature": null, "content-type": "text/plain" },
    });
    assert.equal(status, 401);
  });

  test("sends events that are read, though it calls them plain text", async () => {
    const message = {
      Type: "Notification",
      MessageId: "n",
      TopicArn: topic,
      Message: "{}",
      Timestamp: new Date().toISOString(),
    };
    // A sentence stays in its envelope, which has no event_type.
    assert.equal((await post("sns", { ...message, Message: "All is well" })).body.error.code, "invalid_payload");
    assert.equal(
      (await post("sns", { ...message, Timestamp: new Date(Date.now() - 3_700_000).toISOString() })).body.error.code,
      "timestamp_expired",
    );
  });

  test("sends events in an envelope, out of which they are taken", async () => {
    const alarm = { event_type: "alarm", data: { alert_id: "alarm-1", severity: "high", title: "Too many logins" } };
    const message = {
      Type: "Notification",
      MessageId: "n-2",
      TopicArn: topic,
      Message: JSON.stringify(alarm),
      Timestamp: new Date().toISOString(),
    };
    const { status, body } = await post("sns", message);
    assert.equal(status, 202, JSON.stringify(body));
    const { body: incident } = await gateway.api("GET", `/api/incidents/${body.incident_number}`);
    assert.deepEqual([incident.type, incident.external_id, incident.severity], ["alarm", "alarm-1", "high"]);
    assert.equal((await post("sns", message)).body.duplicate, true);
  });
});
