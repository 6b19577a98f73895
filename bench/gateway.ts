/** The gateway under load, as a process of its own: settings as by default, log into nothing. */

import { readSettings } from "../core/config/settings.ts";
import { startGateway } from "../core/main.ts";

const gateway = await startGateway(readSettings(process.env));
process.send?.({ port: Number(new URL(gateway.url).port) });
process.once("SIGTERM", () => {
  void gateway.close().then(() => process.exit(0));
});
