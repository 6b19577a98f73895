import { box } from "@thruway/sdk";
import type { Vector } from "./vector.ts";

const sentAt = "2020-01-01T07:00:00.000Z";
const primary = "6TfeAW3A1PASkgboxxA5yqHNKOwFyMWuEXny/FPD5hI=";
const secondary = "v+1CD1Jdo3muIcbpv5lxxgPglOqMfsNHPV899xWYydo=";

const common = {
  source: "https://developer.box.com/guides/webhooks/v2/signatures-v2, and the tests of its SDKs",
  published: true,
  scheme: box(),
  wrongSecret: "IncorrectKey",
  sentAt,
} as const;

function sent(signatures: Readonly<Record<string, string>>): Vector["delivery"] {
  return {
    body: '{"type":"webhook_event","webhook":{"id":"1234567890"},"trigger":"FILE.UPLOADED","source":{"id":"1234567890","type":"file","name":"Test.txt"}}',
    receivedAt: new Date(sentAt),
    headers: { "BOX-DELIVERY-TIMESTAMP": "2020-01-01T00:00:00-07:00", ...signatures },
  };
}

export default [
  {
    title: "both signatures, both keys",
    ...common,
    secrets: ["SamplePrimaryKey", "SampleSecondaryKey"],
    needs: ["box-delivery-timestamp"],
    delivery: sent({ "BOX-SIGNATURE-PRIMARY": primary, "BOX-SIGNATURE-SECONDARY": secondary }),
  },
  {
    title: "the primary one alone",
    ...common,
    secrets: ["SamplePrimaryKey"],
    needs: ["box-signature-primary", "box-delivery-timestamp"],
    delivery: sent({ "BOX-SIGNATURE-PRIMARY": primary }),
  },
  {
    title: "the secondary one alone",
    ...common,
    secrets: ["SampleSecondaryKey"],
    needs: ["box-signature-secondary", "box-delivery-timestamp"],
    delivery: sent({ "BOX-SIGNATURE-SECONDARY": secondary }),
  },
] satisfies readonly Vector[];
