import { anyOf, github, staticToken } from "@thruway/sdk";
import { body, type Vector } from "./vector.ts";

const scheme = anyOf(github(), staticToken({ header: "X-Token" }));
const digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
const common = { scheme, secrets: ["It's a Secret to Everybody"], wrongSecret: "another-secret" } as const;

export default [
  {
    title: "the one of its schemes",
    source: "the example of GitHub",
    published: true,
    ...common,
    needs: ["x-hub-signature-256"],
    delivery: { body: "Hello, World!", headers: { "X-Hub-Signature-256": `sha256=${digest}` } },
    refused: { neither: { headers: {} } },
  },
  {
    title: "the other",
    source: "the token itself",
    ...common,
    needs: ["x-token"],
    flips: [],
    delivery: { body, headers: { "X-Token": "It's a Secret to Everybody" } },
  },
] satisfies readonly Vector[];
