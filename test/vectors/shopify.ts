import { shopify } from "@thruway/sdk";
import { body, computed, type Vector } from "./vector.ts";

export default [
  {
    title: "base64 over the body",
    source: computed,
    scheme: shopify(),
    secrets: ["test-secret-of-shopify"],
    wrongSecret: "another-secret",
    needs: ["x-shopify-hmac-sha256"],
    delivery: { body, headers: { "X-Shopify-Hmac-Sha256": "QL62Q3i6kWyKmX8HkygZGTOxFqss79nEDT77VwsOcbA=" } },
  },
] satisfies readonly Vector[];
