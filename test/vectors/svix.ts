import { svix } from "@thruway/sdk";
import { printed, published } from "./standard-webhooks.ts";
import type { Vector } from "./vector.ts";

const scheme = svix();

export default [
  {
    title: "under its own headers",
    ...published,
    scheme,
    needs: ["svix-id", "svix-timestamp", "svix-signature"],
    delivery: printed("svix"),
  },
  {
    title: "under the standard's headers",
    ...published,
    scheme,
    needs: ["webhook-id", "webhook-timestamp", "webhook-signature"],
    delivery: printed("webhook"),
  },
] satisfies readonly Vector[];
