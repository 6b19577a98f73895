import { definePlugin, joi, webhookSignature } from "@thruway/sdk";

interface Payload {
  readonly id: string;
  readonly ends?: "loop" | "exit";
}

/** Long enough to be endless for a test, and short enough to leave nothing behind when the test itself dies. */
const endlessMs = 90_000;

/** A plugin that does not come to an end where its payload says so. */
export default definePlugin<Record<string, never>, Payload>({
  name: "stalling",
  title: "Stalling",
  signature: webhookSignature(),
  payload: joi.object<Payload>({ id: joi.string().required() }).unknown(),
  fits: () => 0,
  map({ id, ends }) {
    if (ends === "loop") for (const until = Date.now() + endlessMs; Date.now() < until; );
    if (ends === "exit") process.exit(3);
    return { type: "stalling", title: `Alert ${id}`, external_id: id };
  },
  example: { id: "example" },
});
