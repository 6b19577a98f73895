import { allowedAddresses } from "@thruway/sdk";
import { body, type Vector } from "./vector.ts";

const common = {
  source: "RFC 5737, RFC 3849: addresses for documentation",
  scheme: allowedAddresses(["192.0.2.7", "198.51.100.0/25", "2001:db8:1::/48"]),
  secrets: [],
  needs: [],
} as const;

export default [
  {
    title: "an address that is named",
    ...common,
    delivery: { body, address: "192.0.2.7" },
    refused: { "its neighbour": { address: "192.0.2.8" }, "no address": { address: "" } },
  },
  {
    title: "an address of a network",
    ...common,
    delivery: { body, address: "198.51.100.127" },
    refused: { "beyond its end": { address: "198.51.100.128" }, "before its start": { address: "198.51.99.255" } },
  },
  {
    title: "an IPv4 address in IPv6 clothes",
    ...common,
    delivery: { body, address: "::ffff:192.0.2.7" },
    refused: { "with another in them": { address: "::ffff:192.0.2.8" } },
  },
  {
    title: "an IPv6 address of a network",
    ...common,
    delivery: { body, address: "2001:db8:1:ffff::1" },
    refused: { "of another": { address: "2001:db8:2::1" } },
  },
] satisfies readonly Vector[];
