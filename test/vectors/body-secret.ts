import { bodySecret } from "@thruway/sdk";
import type { Vector } from "./vector.ts";

const secret = "test-client-state";

function notification(...states: readonly unknown[]): Vector["delivery"] {
  return { body: JSON.stringify({ value: states.map((clientState) => ({ subscriptionId: "s", clientState })) }) };
}

export default [
  {
    title: "clientState of one notification of Microsoft Graph",
    source: "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
    scheme: bodySecret({ path: "value.*.clientState" }),
    secrets: [secret],
    wrongSecret: "another-client-state",
    needs: [],
    delivery: notification(secret),
    refused: {
      "no notification": notification(),
      "without it": notification(undefined),
      "as a list": notification([secret]),
      "as a number": notification(1),
      "in another place": { body: JSON.stringify({ clientState: secret }) },
      "no JSON": { body: `"clientState":"${secret}"` },
      "no list": { body: JSON.stringify({ value: { clientState: secret } }) },
    },
  },
  {
    title: "clientState of several",
    source: "https://learn.microsoft.com/graph/change-notifications-delivery-webhooks",
    scheme: bodySecret({ path: "value.*.clientState" }),
    secrets: [secret],
    wrongSecret: "another-client-state",
    needs: [],
    delivery: notification(secret, secret),
    refused: {
      "one of them wrong": notification(secret, "another"),
      "one of them without": notification(secret, undefined),
    },
  },
] satisfies readonly Vector[];
