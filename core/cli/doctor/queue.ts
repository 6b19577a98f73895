import { count, duration } from "../text.ts";
import { type Check, NotReadable, ok, worst } from "./check.ts";

/** What is queued is mostly settled within seconds; what is tried again waits for five minutes at most. */
const oldSeconds = 600;

export const queue: Check = {
  name: "queue",
  async run({ store, now }) {
    const { content } = await store().catch((cause: unknown) => {
      throw new NotReadable("the store has to be readable first", { cause });
    });
    if (content === undefined) return ok("empty");
    const { queue, dead } = content;
    const { depth, oldest_received_at: oldest } = queue;
    const age = oldest === null ? 0 : (now().getTime() - Date.parse(oldest)) / 1_000;
    const old = `the oldest waits for ${duration(age)}: is a gateway or tw-cli work running? tw-cli delivery list --outcome queued`;
    const given = `${count(dead, "delivery", "deliveries")} ${dead === 1 ? "was" : "were"} given up: tw-cli delivery list --outcome dead, then tw-cli delivery replay`;
    return worst(
      `${count(depth, "delivery", "deliveries")} waiting`,
      [],
      [...(age > oldSeconds ? [old] : []), ...(dead > 0 ? [given] : [])],
    );
  },
};
