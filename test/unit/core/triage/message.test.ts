import assert from "node:assert/strict";
import { test } from "node:test";
import { Webhook } from "standardwebhooks";
import { writeMessage } from "../../../../core/triage/message.ts";

const message = { id: "r1:tell", channel: "soc", text: "<@here> look & see", data: { severity: "high" } };
const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const url = "https://hooks.example/x";

test("a webhook is signed by Standard Webhooks, with one id however often it is sent", () => {
  const at = new Date();
  const later = new Date(at.getTime() + 60_000);
  const channel = { kind: "webhook", url, secret, allow_private: false } as const;
  const [first, again] = [writeMessage(message, channel, at), writeMessage(message, channel, later)];
  const { headers, body } = first;
  assert.deepEqual(new Webhook(secret).verify(Buffer.from(body).toString(), { ...headers }), {
    type: "thruway.notification",
    id: "r1:tell",
    text: message.text,
    data: message.data,
  });
  assert.deepEqual([headers["webhook-id"], again.headers["webhook-id"]], ["r1:tell", "r1:tell"]);
  assert.equal(headers["idempotency-key"], "r1:tell");
});

test("what was written when it was posted is sent word for word", () => {
  const channel = { kind: "webhook", url, secret, allow_private: false } as const;
  const body = '{"a":  1}';
  assert.equal(Buffer.from(writeMessage({ ...message, body }, channel, new Date()).body).toString(), body);
});

test("what a sender wrote mentions nobody in Slack", () => {
  const { body } = writeMessage(message, { kind: "slack", url, allow_private: false }, new Date());
  assert.deepEqual(JSON.parse(Buffer.from(body).toString()), { text: "&lt;@here&gt; look &amp; see" });
});

test("Teams gets an adaptive card", () => {
  const { body } = writeMessage(message, { kind: "teams", url, allow_private: false }, new Date());
  const card = JSON.parse(Buffer.from(body).toString()).attachments[0];
  assert.equal(card.contentType, "application/vnd.microsoft.card.adaptive");
  assert.deepEqual(card.content.body[0].inlines, [{ type: "TextRun", text: message.text }]);
});
