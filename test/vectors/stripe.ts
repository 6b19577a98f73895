import { stripe } from "@thruway/sdk";
import { body, computed, noon, type Vector } from "./vector.ts";

const digest = "3ceb4c14145dd5cfad532349c0ae23358e77b335611797af1dba3758212f9e7e";
const other = "0".repeat(64);

function sent(signature: string): Vector["delivery"] {
  return { body, receivedAt: noon, headers: { "Stripe-Signature": signature } };
}

const common = {
  source: computed,
  scheme: stripe(),
  secrets: ["whsec_test-secret-of-stripe"],
  wrongSecret: "test-secret-of-stripe",
  sentAt: noon.toISOString(),
  needs: ["stripe-signature"],
} as const;

export default [
  {
    title: "a time and a signature",
    ...common,
    delivery: sent(`t=1705320000,v1=${digest}`),
    refused: {
      "without a time": sent(`v1=${digest}`),
      "with two times": sent(`t=1705320000,t=1705320000,v1=${digest}`),
      "with another time": sent(`t=1705320001,v1=${digest}`),
      "in the version of its test mode": sent(`t=1705320000,v0=${digest}`),
      "a time alone": sent("t=1705320000"),
    },
  },
  {
    title: "the good one of several signatures",
    ...common,
    delivery: sent(`t=1705320000,v1=${other},v1=${digest},v0=${other}`),
  },
] satisfies readonly Vector[];
