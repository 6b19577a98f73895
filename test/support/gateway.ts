import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { webhookSignature } from "@thruway/sdk";
import { readSettings } from "../../core/config/settings.ts";
import { startGateway } from "../../core/main.ts";
import { alone } from "../../core/supervise/host.ts";
import { keepLogged, keepSecrets, keepSecretsIn } from "./logged.ts";

/** A gateway on a free port with a data folder of its own, and what a test needs to talk to it. */
export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly dataDir: string;
  /** What it has logged so far. */
  readonly logged: () => string;
  /** A management request with the admin token; `body` is sent as JSON. */
  api(method: string, path: string, body?: unknown): Promise<Answered>;
  /** A delivery signed by the text's own scheme, now and with `secret`, unless `headers` says otherwise. */
  send(source: string, body: string | Uint8Array, options?: SendOptions): Promise<Answered>;
}

export interface SendOptions {
  readonly secret?: string;
  readonly at?: Date;
  /** Added to the signed ones; `null` removes one. */
  readonly headers?: Readonly<Record<string, string | null>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests assert on the shape of what came
  readonly body: any;
}

/** What sources of tests are registered with. */
export const testSecret = "throw-away-test-secret-0123456789abcdef";

/**
 * @param env settings beside the defaults; everything is logged, and no file of it kept
 * @param ports what stands for the world outside
 */
export async function aGateway(
  env: Readonly<Record<string, string>> = {},
  ports: Parameters<typeof startGateway>[3] = {},
): Promise<TestGateway> {
  const dataDir = env.TW_DATA_DIR ?? (await mkdtemp(join(tmpdir(), "thruway-test-")));
  const settings = readSettings({
    TW_DATA_DIR: dataDir,
    TW_PORT: "0",
    TW_LOG_LEVEL: "trace",
    TW_LOG_FILES: "0",
    TW_CONFIG: join(dataDir, "webhook_config.yaml"),
    ...env,
  });
  let logged = "";
  const logOutput = {
    write(line: string) {
      logged += line;
    },
  };
  const given = { ...settings, configFileNamed: env.TW_CONFIG !== undefined };
  const gateway = await startGateway(given, env, alone, { logOutput, ...ports });
  const token = (await readFile(join(dataDir, "admin.token"), "utf8")).trim();

  keepSecrets(token);
  keepSecretsIn(env);

  async function call(path: string, init: RequestInit): Promise<Answered> {
    const response = await fetch(`${gateway.url}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === "" ? undefined : JSON.parse(text) };
  }

  return {
    url: gateway.url,
    token,
    dataDir,
    logged: () => logged,
    api(method, path, body) {
      keepSecretsIn(body);
      return call(path, {
        method,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    },
    send(source, body, { secret = testSecret, at = new Date(), headers = {} } = {}) {
      keepSecrets(secret);
      const url = `/api/webhooks/${source}`;
      const bytes = Buffer.from(body);
      const signed = webhookSignature().sign({ url, body: bytes }, secret, at).headers;
      const all = Object.entries({ "content-type": "application/json", ...signed, ...headers });
      return call(url, {
        method: "POST",
        headers: all.filter((each): each is [string, string] => each[1] !== null),
        body: bytes,
      });
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      keepLogged(logged);
      if (env.TW_DATA_DIR === undefined) await rm(dataDir, { recursive: true, force: true });
    },
  };
}
