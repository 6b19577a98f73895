import { inspectSpool, isRemote } from "../../store/open.ts";
import { count } from "../text.ts";
import { type Check, ok, worst } from "./check.ts";

const worrying = 0.5;
const nearlyFull = 0.9;

export const spool: Check = {
  name: "spool",
  async run({ settings }) {
    const { dataDir, storeUrl, spoolMaxBytes } = await settings();
    const found = await inspectSpool(dataDir);
    if (found === undefined) return ok(isRemote(storeUrl) ? "there is none yet" : "the embedded store needs none");
    const { deliveries, refused, bytes } = found;
    const share = bytes / spoolMaxBytes;
    const fine = `${count(deliveries, "delivery", "deliveries")}, ${Math.round(share * 100)} % of TW_SPOOL_MAX_BYTES`;
    const remedy = "bring the store back, or raise TW_SPOOL_MAX_BYTES";
    return worst(fine, share >= nearlyFull ? [`it is nearly full: ${remedy}`] : [], [
      ...(share >= worrying && share < nearlyFull ? [remedy] : []),
      ...(deliveries > refused && !isRemote(storeUrl)
        ? ["they wait for a MongoDB that TW_STORE_URL does not name"]
        : []),
      ...(refused > 0 ? [`the store refuses ${refused} of them for their own sake; the log says why`] : []),
    ]);
  },
};
