import type { AddressInfo, Server } from "node:net";
import { UserError } from "./errors.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

/**
 * Lets a server listen.
 *
 * @returns where: `http://127.0.0.1:8080`
 * @throws {UserError} where the address is taken or not ours
 */
export function listen(server: Server, { host, port }: Address): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why =
        error.code === "EADDRINUSE"
          ? "another process listens there; stop it, or set TW_PORT"
          : `${error.message}; set TW_HOST and TW_PORT`;
      reject(new UserError(`Cannot listen on ${host}:${port}: ${why}`, { cause: error }));
    });
    server.listen(port, host, () => {
      const name = host.includes(":") ? `[${host}]` : host;
      resolve(`http://${name}:${(server.address() as AddressInfo).port}`);
    });
  });
}
