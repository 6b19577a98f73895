import { messageOf } from "../../errors.ts";
import { withoutPassword } from "../../store/open.ts";
import { type Check, failure, NotReadable, worst } from "./check.ts";

export const store: Check = {
  name: "store",
  async run({ settings, store }) {
    const { storeUrl } = await settings();
    const shown = withoutPassword(storeUrl);
    try {
      const { what, failures, warnings } = await store();
      return worst(what === "" ? shown : `${shown}, ${what}`, failures, warnings);
    } catch (error) {
      if (error instanceof NotReadable) throw error;
      return failure(`${shown} cannot be read: ${messageOf(error)}; start it, or name another in TW_STORE_URL`);
    }
  },
};
