import { standardWebhooks } from "@thruway/sdk";
import { body, computed, noon, type Vector } from "./vector.ts";

const scheme = standardWebhooks();
const wrongSecret = "whsec_c2VjcmV0LXRoYXQtaXMtbm90LXRoZS1vbmU=";
const needs = ["webhook-id", "webhook-timestamp", "webhook-signature"];
const good = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

export const published = {
  source: "https://docs.svix.com/receiving/verifying-payloads/how-manual, and the tests of the standard's libraries",
  published: true,
  secrets: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
  wrongSecret,
  sentAt: "2021-02-25T15:02:10.000Z",
} as const;

/** The example that both Svix and the standard print, under the headers of either. */
export function printed(headers: string, signature = good): Vector["delivery"] {
  return {
    body: '{"test": 2432232314}',
    receivedAt: new Date(published.sentAt),
    headers: {
      [`${headers}-id`]: "msg_p5jXN8AQM9LWM0D4loKWxJek",
      [`${headers}-timestamp`]: "1614265330",
      [`${headers}-signature`]: signature,
    },
  };
}

export default [
  {
    title: "version v1",
    ...published,
    scheme,
    needs,
    delivery: printed("webhook"),
    refused: {
      "in another version": printed("webhook", good.replace("v1,", "v2,")),
      "without a version": printed("webhook", good.slice(3)),
    },
  },
  {
    title: "version v1, a secret without its prefix",
    ...published,
    secrets: ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    scheme,
    needs,
    delivery: printed("webhook"),
  },
  {
    title: "version v1, the good one of three signatures",
    ...published,
    scheme,
    needs,
    delivery: printed("webhook", `v1,${"A".repeat(43)}= v1a,${"A".repeat(86)}== ${good}`),
  },
  {
    title: "version v1a",
    source: `${computed}, with the key of RFC 8037, A.1`,
    scheme,
    secrets: ["whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="],
    wrongSecret: "whpk_PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=",
    sentAt: noon.toISOString(),
    needs,
    delivery: {
      body,
      receivedAt: noon,
      headers: {
        "webhook-id": "msg_1",
        "webhook-timestamp": "1705320000",
        "webhook-signature":
          "v1a,OdYxkgSpxzXwlhvECnRcqvoqqIIcZLJzQhjUhg3pdMIwm2js64d6/EuQOq+Ezk47rzZ0Bkl51PGHa2yKbiYUBw==",
      },
    },
  },
] satisfies readonly Vector[];
