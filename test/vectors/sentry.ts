import { sentry } from "@thruway/sdk";
import { body, computed, type Vector } from "./vector.ts";

const common = {
  source: computed,
  scheme: sentry(),
  secrets: ["test-secret-of-sentry"],
  wrongSecret: "another-secret",
} as const;
const digest = "7e96a6a0eaa2d86108175837389fa8e41d174583f810404676dbfeab045fed16";

export default [
  {
    title: "hex over the body",
    ...common,
    needs: ["sentry-hook-signature"],
    delivery: { body, headers: { "Sentry-Hook-Signature": digest, "Sentry-Hook-Timestamp": "1705320000" } },
  },
  {
    title: "in the older header",
    ...common,
    needs: ["sentry-app-signature"],
    delivery: { body, headers: { "Sentry-App-Signature": digest } },
  },
  {
    title: "over no body at all",
    ...common,
    needs: ["sentry-hook-signature"],
    flips: [],
    delivery: {
      body: "",
      headers: { "Sentry-Hook-Signature": "c6c3b13d0056edc12b6fa26a12c01b42d211338892d29ae74f41d4fa76dd8966" },
    },
    refused: { "with a body": { body: " " } },
  },
] satisfies readonly Vector[];
