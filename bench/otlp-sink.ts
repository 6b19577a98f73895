/** Takes traces and throws them away, as a process of its own: what a collector costs is not the gateway's. */
import { createServer } from "node:http";
import { listen } from "../core/listen.ts";

const server = createServer((request, response) => {
  request.resume();
  request.on("end", () => response.end());
});
const url = await listen(server, { host: "127.0.0.1", port: 0 });
process.send?.({ port: Number(new URL(url).port) });
process.once("SIGTERM", () => process.exit(0));
