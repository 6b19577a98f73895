import { definePlugin, ignore, joi, PayloadError, webhookSignature } from "@thruway/sdk";

interface Payload {
  readonly id: string;
}

/** What the mapper does next: a test says so, since it imports the same module as the gateway in its process. */
export const mood: { now: "works" | "throws" | "returns nonsense" | "refuses" | "ignores" } = { now: "works" };

/** A plugin with a bug that comes and goes. */
export default definePlugin<Record<string, never>, Payload>({
  name: "moody",
  title: "Moody",
  signature: webhookSignature(),
  payload: joi.object<Payload>({ id: joi.string().required() }).unknown(),
  fits: () => 0,
  map({ id }) {
    if (mood.now === "throws") throw new TypeError("Cannot read properties of undefined (reading 'severity')");
    if (mood.now === "refuses") throw new PayloadError("id", "is of nothing that was seen");
    if (mood.now === "ignores") return ignore("nothing to see");
    const title = mood.now === "returns nonsense" ? "" : `Alert ${id}`;
    return { type: "moody", title, external_id: id };
  },
  example: { id: "example" },
});
