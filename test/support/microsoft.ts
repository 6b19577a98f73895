import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** The parts of Microsoft's cloud that a notification leads to, on a port of this machine. */
export interface Microsoft extends AsyncDisposable {
  readonly url: string;
  /** What a source needs to fetch here. */
  readonly options: Readonly<Record<string, string>>;
  /** Everything that was asked for, oldest first. */
  readonly asked: readonly Asked[];
  /** What is found under a path, once for each; the last of several stays. A number is a status, with `Retry-After: 1`. */
  put(path: string, ...answers: readonly (object | number)[]): void;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

export const clientSecret = "throw-away-test-client-secret";
const tokenPath = "/tenant/oauth2/v2.0/token";

export async function aMicrosoft(): Promise<Microsoft> {
  const asked: Asked[] = [];
  const found = new Map<string, (object | number)[]>();

  async function answer(request: IncomingMessage): Promise<{ readonly status: number; readonly body: string }> {
    const { method = "", url: path = "", headers } = request;
    const body = await text(request);
    asked.push({ method, path, authorization: headers.authorization, body });
    if (path === tokenPath) {
      const isKnown = new URLSearchParams(body).get("client_secret") === clientSecret;
      return isKnown
        ? { status: 200, body: JSON.stringify({ access_token: "the-token", expires_in: 3599, token_type: "Bearer" }) }
        : {
            status: 401,
            body: JSON.stringify({ error: "invalid_client", error_description: "AADSTS7000215: Invalid" }),
          };
    }
    if (headers.authorization !== "Bearer the-token") return { status: 401, body: "" };
    const answers = found.get(path) ?? [404];
    const next = (answers.length > 1 ? answers.shift() : answers[0]) ?? 404;
    return typeof next === "number" ? { status: next, body: "" } : { status: 200, body: JSON.stringify(next) };
  }

  const server = createServer((request, response) => {
    void answer(request).then(
      ({ status, body }) => {
        const headers = { "content-type": "application/json", ...(status >= 400 && { "retry-after": "1" }) };
        return response.writeHead(status, headers).end(body);
      },
      () => response.destroy(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    options: {
      tenant_id: "tenant",
      client_id: "app",
      client_secret: clientSecret,
      login_url: url,
      graph_url: url,
      office_url: url,
    },
    asked,
    put: (path, ...answers) => void found.set(path, [...answers]),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
