import { unsigned } from "@thruway/sdk";
import type { Vector } from "./vector.ts";

const scheme = unsigned("it is a printer");

/** What a source that opts in takes; the suite's credentials opt in to nothing, so the scheme is made to. */
export default [
  {
    title: "nothing, where the source opts in",
    source: "there is nothing to compute",
    scheme: {
      ...scheme,
      verify: (delivery, credentials) => scheme.verify(delivery, { ...credentials, allowUnsigned: true }),
    },
    secrets: [],
    needs: [],
    delivery: { body: "any" },
  },
] satisfies readonly Vector[];
