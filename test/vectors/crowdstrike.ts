import { crowdstrike } from "@thruway/sdk";
import { body, computed, noon, type Vector } from "./vector.ts";

const signature = "1r9JXiAVuLffUz6lA/3qPHCpbnRMpqHIRXXq1/bJ94M=";
const common = {
  source: computed,
  secrets: ["test-secret-of-at-least-32-characters"],
  wrongSecret: "another-secret-of-at-least-32-characters",
  sentAt: noon.toISOString(),
} as const;

function sent(header: string, time = "2024-01-15T12:00:00Z"): Vector["delivery"] {
  return {
    body,
    receivedAt: noon,
    headers: {
      [header]: signature,
      "X-Cs-Delivery-Timestamp": time,
      "X-Cs-Signature-Algorithm": "HmacSHA256",
    },
  };
}

export default [
  {
    title: "the primary header",
    ...common,
    scheme: crowdstrike(),
    needs: ["x-cs-primary-signature", "x-cs-delivery-timestamp"],
    delivery: sent("X-Cs-Primary-Signature"),
    refused: { "with another time": sent("X-Cs-Primary-Signature", "2024-01-15T12:00:01Z") },
  },
  {
    title: "the secondary header",
    ...common,
    scheme: crowdstrike(),
    needs: ["x-cs-secondary-signature", "x-cs-delivery-timestamp"],
    delivery: sent("X-Cs-Secondary-Signature"),
  },
  {
    title: "a header that the workflow names",
    ...common,
    scheme: crowdstrike({ header: "X-Falcon" }),
    needs: ["x-falcon", "x-cs-delivery-timestamp"],
    delivery: sent("X-Falcon"),
  },
] satisfies readonly Vector[];
