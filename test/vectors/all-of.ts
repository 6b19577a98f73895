import { allOf, allowedAddresses, slack } from "@thruway/sdk";
import slackVectors from "./slack.ts";
import type { Vector } from "./vector.ts";

const [printed] = slackVectors;

export default [
  {
    ...printed,
    title: "the example of Slack, from an address that is named",
    scheme: allOf(slack(), allowedAddresses(["192.0.2.0/24"])),
    delivery: { ...printed?.delivery, address: "192.0.2.7" },
    refused: { "from another address": { address: "198.51.100.1" } },
  },
] as readonly Vector[];
