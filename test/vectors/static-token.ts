import { staticToken } from "@thruway/sdk";
import { body, type Vector } from "./vector.ts";

const token = "test-token/with+odd characters?";
const escaped = encodeURIComponent(token);
const common = { source: "the token itself", secrets: [token], wrongSecret: "test-token" } as const;

export default [
  {
    title: "in a header, as it stands (Okta)",
    ...common,
    scheme: staticToken({ header: "Authorization" }),
    needs: ["authorization"],
    delivery: { body, headers: { Authorization: token } },
    refused: { "with more behind it": { headers: { Authorization: `${token} ` } } },
  },
  {
    title: "in a header, after a prefix",
    ...common,
    scheme: staticToken({ header: "Authorization", prefix: "Bearer " }),
    needs: ["authorization"],
    delivery: { body, headers: { Authorization: `Bearer ${token}` } },
    refused: { "without the prefix": { headers: { Authorization: token } } },
  },
  {
    title: "in the query",
    ...common,
    scheme: staticToken({ query: "token" }),
    needs: [],
    delivery: { body, url: `/api/webhooks/edr?token=${escaped}` },
    refused: {
      missing: { url: "/api/webhooks/edr" },
      twice: { url: `/api/webhooks/edr?token=${escaped}&token=${escaped}` },
      "under another name": { url: `/api/webhooks/edr?Token=${escaped}` },
    },
  },
  {
    title: "at the end of the address",
    ...common,
    scheme: staticToken({ path: true }),
    needs: [],
    delivery: { body, url: `/api/webhooks/edr/t/${escaped}?a=1` },
    refused: {
      missing: { url: "/api/webhooks/edr" },
      "elsewhere in the address": { url: `/api/webhooks/t/${escaped}/edr` },
      "in the query": { url: `/api/webhooks/edr?a=/t/${escaped}` },
      "with more behind it": { url: `/api/webhooks/edr/t/${escaped}/a` },
    },
  },
] satisfies readonly Vector[];
