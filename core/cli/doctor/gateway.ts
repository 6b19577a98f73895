import manifest from "../../../package.json" with { type: "json" };
import { UserError } from "../../errors.ts";
import { ApiError } from "../client.ts";
import { duration } from "../text.ts";
import { type Check, failure, type Verdict, warning, worst } from "./check.ts";

export const gateway: Check = {
  name: "gateway",
  async run({ gateway }) {
    try {
      const { url, view, ready } = await gateway();
      const { version, node, uptime_seconds: uptime } = view;
      const other =
        version === manifest.version ? [] : [`this tw-cli is ${manifest.version}; restart the older of the two`];
      const degraded = ready.status === "ready" ? [] : [`it is ${ready.status}: store ${ready.checks.store}`];
      return worst(`${url} runs ${version} on Node ${node} for ${duration(uptime)}`, [], [...other, ...degraded]);
    } catch (error) {
      return explained(error);
    }
  },
};

function explained(error: unknown): Verdict {
  if (error instanceof ApiError) {
    if (error.status === 404) return warning("it is of an older version than this tw-cli; restart it");
    return failure(`it answers ${error.status}: ${error.message} (${error.code}); look at its log`);
  }
  if (!(error instanceof UserError)) throw error;
  const { message } = error;
  return /^(Cannot reach|No API token)/.test(message) ? warning(message) : failure(message);
}
