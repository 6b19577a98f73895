import { github } from "@thruway/sdk";
import type { Vector } from "./vector.ts";

const digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

export default [
  {
    title: "its example",
    source:
      "https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation",
    published: true,
    scheme: github(),
    secrets: ["It's a Secret to Everybody"],
    wrongSecret: "It's a Secret to Nobody",
    needs: ["x-hub-signature-256"],
    delivery: { body: "Hello, World!", headers: { "X-Hub-Signature-256": `sha256=${digest}` } },
    refused: {
      "in the older header": { headers: { "X-Hub-Signature": `sha256=${digest}` } },
      "without its prefix": { headers: { "X-Hub-Signature-256": digest } },
    },
  },
] satisfies readonly Vector[];
