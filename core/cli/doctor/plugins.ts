import { type Check, ok } from "./check.ts";

export const plugins: Check = {
  name: "plugins",
  async run({ plugins }) {
    const { all } = await plugins();
    return ok(all.map(({ name }) => name).join(", "));
  },
};
