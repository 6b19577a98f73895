import { join, resolve } from "node:path";
import { addressList, isLoopback } from "@thruway/sdk";
import joi from "joi";
import { UserError } from "../errors.ts";
import { largestMongoBody } from "../store/limits.ts";
import type { StoreSettings } from "../store/open.ts";
import type { LogSettings } from "../telemetry/log.ts";

/** The settings of a process: read once from the environment, checked, frozen, passed on. */
export interface Settings extends StoreSettings, LogSettings {
  readonly host: string;
  readonly port: number;
  readonly work: boolean;
  readonly configFile: string;
  /** Whether `TW_CONFIG` names the file, so that its absence is a mistake. */
  readonly configFileNamed: boolean;
  readonly pluginsFile: string;
  /** Folders of playbooks and of lists, which may be absent. */
  readonly playbooksDir: string;
  readonly listsDir: string;
  readonly adminToken: string | undefined;
  readonly masterKey: string | undefined;
  readonly maxBodyBytes: number;
  readonly receiveTimeoutMs: number;
  readonly refusedPerMinute: number;
  readonly stopTimeoutMs: number;
  /** How many processes a supervisor runs; `undefined` for one without a supervisor. */
  readonly workers: number | undefined;
  readonly stallTimeoutMs: number;
  /** Addresses and networks of the proxies in front, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Who is answered on `/metrics`: anybody, who has an API token, nobody. */
  readonly metrics: "open" | "token" | "off";
  /** Where a process that only works off the queue listens; `undefined` for nowhere. */
  readonly workPort: number | undefined;
  /** What the trace of a sender is to ours. */
  readonly traceParent: "link" | "parent";
  /** What takes longer is kept whatever the sampler says, in milliseconds. */
  readonly traceSlowMs: number;
  /** Where a trace is looked at; `{trace_id}` stands for its id. */
  readonly traceUrl: string | undefined;
}

interface Setting {
  readonly schema: joi.Schema;
  /** For `docs/configuration.md`; a test compares. */
  readonly about: string;
}

/** Every `TW_*` variable of the gateway. */
export const settingTable = {
  TW_HOST: { schema: joi.string().hostname().default("127.0.0.1"), about: "Address to listen on" },
  TW_PORT: {
    schema: joi.number().integer().min(0).max(65_535).default(8080),
    about: "Port to listen on; 0 takes a free one",
  },
  TW_DATA_DIR: {
    schema: joi.string().default("data"),
    about: "Folder of the embedded store, the master key and the admin token",
  },
  TW_STORE_URL: {
    schema: joi
      .string()
      .pattern(/^(?:sqlite:.|mongodb(?:\+srv)?:\/\/.)/, "sqlite:<file> or mongodb://<host>/<database>"),
    about: "Where everything is stored; default `sqlite:<TW_DATA_DIR>/thruway.db`",
  },
  TW_STORE_TIMEOUT_MS: {
    schema: joi.number().integer().min(100).max(60_000).default(2_000),
    about: "How long MongoDB may take to store a delivery before it goes to the spool, in milliseconds",
  },
  TW_STORE_MIGRATE: {
    schema: joi.boolean().default(true),
    about: "Whether a start makes MongoDB's indexes; `tw-cli store migrate` does so too",
  },
  TW_SPOOL_MAX_BYTES: {
    schema: joi.number().integer().min(1_048_576).default(1_073_741_824),
    about: "How large the spool may grow, in bytes",
  },
  TW_QUEUE_LEASE_MS: {
    schema: joi.number().integer().min(500).max(3_600_000).default(30_000),
    about: "How long a worker has for a queued delivery before another one may take it up, in milliseconds",
  },
  TW_WORK: {
    schema: joi.boolean().default(true),
    about: "Whether a gateway works off the queue itself; where it does not, `tw-cli work` does",
  },
  TW_CONFIG: {
    schema: joi.string(),
    about: "File of sources; default `webhook_config.yaml`, which may be absent",
  },
  TW_PLUGINS: { schema: joi.string(), about: "List of plugins; default the `plugins.json` that ships" },
  TW_PLAYBOOKS: {
    schema: joi.string().default("playbooks"),
    about: "Folder of playbooks, beside those that ship; it may be absent",
  },
  TW_LISTS: {
    schema: joi.string().default("lists"),
    about: "Folder of the lists that playbooks look values up in; it may be absent",
  },
  TW_ADMIN_TOKEN: {
    schema: joi.string().pattern(/^tw_[A-Za-z0-9]{6}_[A-Za-z0-9]{32}$/, "tw_<6>_<32>, letters and digits"),
    about: "The admin token, instead of the one made on the first start",
  },
  TW_MASTER_KEY: {
    schema: joi.string().pattern(/^[0-9a-f]{64}$/i, "64 hex digits"),
    about: "Seals the secrets at rest, instead of the key made on the first start",
  },
  TW_LOG_LEVEL: {
    schema: joi.string().valid("trace", "debug", "info", "warn", "error", "silent").default("info"),
    about: "Least grave level that is logged",
  },
  TW_LOG_FILE_MAX_BYTES: {
    schema: joi.number().integer().min(65_536).max(1_073_741_824).default(16_777_216),
    about: "How long a file of the log in the data folder gets before the next one begins, in bytes",
  },
  TW_LOG_FILES: {
    schema: joi.number().integer().min(0).max(10_000).default(16),
    about: "How many files of the log are kept; 0 keeps none, and `tw-cli logs` shows nothing",
  },
  TW_MAX_BODY_BYTES: {
    schema: joi.number().integer().min(1_024).max(67_108_864).default(1_048_576),
    about: "Largest body that is taken, in bytes",
  },
  TW_RECEIVE_TIMEOUT_MS: {
    schema: joi.number().integer().min(100).max(300_000).default(10_000),
    about: "How long a request may take to arrive, in milliseconds",
  },
  TW_REFUSED_PER_MINUTE: {
    schema: joi.number().integer().min(1).default(30_000),
    about:
      "Unauthenticated requests of one address per minute that are answered and recorded singly; more get `rate_limited`",
  },
  TW_STOP_TIMEOUT_MS: {
    schema: joi.number().integer().min(0).max(600_000).default(8_000),
    about: "How long a stop waits for what is in flight, in milliseconds",
  },
  TW_WORKERS: {
    schema: joi.number().integer().min(1).max(256),
    about: "How many processes there are, under a supervisor that replaces them; unset, there is one and no supervisor",
  },
  TW_STALL_TIMEOUT_MS: {
    schema: joi.number().integer().min(1_000).max(600_000).default(10_000),
    about: "How long a worker may do nothing but one thing before its supervisor replaces it, in milliseconds",
  },
  TW_METRICS: {
    schema: joi.string().valid("open", "token", "off"),
    about:
      "Who may ask for `/metrics`: anybody (`open`), who has an API token (`token`), nobody (`off`); default `open` where `TW_HOST` is this machine alone, else `token`",
  },
  TW_WORK_PORT: {
    schema: joi.number().integer().min(0).max(65_535),
    about: "Port where `tw-cli work` answers `/metrics`, `/healthz` and `/readyz`; unset, it does not listen",
  },
  TW_TRUSTED_PROXIES: {
    schema: joi.string().custom(checkAddresses).messages({ "any.custom": "{#label}: {#error.message}" }),
    about: "Addresses and networks of the proxies in front, joined by commas, whose `X-Forwarded-For` is believed",
  },
  TW_TRACE_PARENT: {
    schema: joi.string().valid("link", "parent").default("link"),
    about:
      "What a sender's `traceparent` is to the trace of its delivery: a link, or the parent, which also decides whether it is kept",
  },
  TW_TRACE_SLOW_MS: {
    schema: joi.number().integer().min(1).max(600_000).default(1_000),
    about: "A delivery that takes so long is traced whatever the sampler says, in milliseconds",
  },
  TW_TRACE_URL: {
    schema: joi
      .string()
      .pattern(
        /^https?:\/\/[^\s]*\{trace_id\}[^\s]*$/,
        "an address with {trace_id} in it, like http://localhost:16686/trace/{trace_id}",
      ),
    about:
      "Where a trace is looked at, such as `http://localhost:16686/trace/{trace_id}`; API and CLI then show the link",
  },
} as const satisfies Record<string, Setting>;

/** Those that `tw-cli` reads besides, for talking to a gateway. */
export const clientSettingTable = {
  TW_API_URL: "The gateway that `tw-cli` talks to; default `http://localhost:8080`",
  TW_API_KEY: "The API token that `tw-cli` sends; default the admin token in the data folder",
  TW_JAEGER_URL: "Where `tw-cli trace` reads traces; default `http://localhost:16686`",
} as const;

function checkAddresses(value: string): string {
  addressList(listed(value));
  return value;
}

function listed(value: string | undefined): readonly string[] {
  return (value ?? "")
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

const shippedPlugins = resolve(import.meta.dirname, "../../plugins.json");

/**
 * Reads the settings from an environment. Empty variables count as unset.
 *
 * @throws {UserError} that names every variable that is wrong, and what would be right
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const given = Object.fromEntries(Object.keys(settingTable).map((name) => [name, env[name] || undefined]));
  const schema = joi.object(
    Object.fromEntries(Object.entries(settingTable).map(([name, { schema }]) => [name, schema])),
  );
  const { value, error } = schema.validate(given, {
    abortEarly: false,
    errors: { wrap: { label: false } },
    // Joi's own words repeat the value, and some values are secrets.
    messages: { "string.pattern.name": "{#label} must be {#name}" },
  });
  const unknown = Object.keys(env).filter(
    (name) => name.startsWith("TW_") && !(name in settingTable) && !(name in clientSettingTable),
  );
  const problems = [
    ...tooLargeFor(value.TW_STORE_URL, value.TW_MAX_BODY_BYTES),
    ...leaseProblems(value),
    ...(error?.details ?? []).map((detail) => detail.message),
    ...unknown.map((name) => `${name} is not a setting`),
  ];
  if (problems.length > 0) throw new UserError(`Settings: ${problems.join("; ")}`);

  const dataDir = resolve(value.TW_DATA_DIR);
  return Object.freeze<Settings>({
    host: value.TW_HOST,
    port: value.TW_PORT,
    dataDir,
    storeUrl: value.TW_STORE_URL ?? `sqlite:${join(dataDir, "thruway.db")}`,
    storeTimeoutMs: value.TW_STORE_TIMEOUT_MS,
    storeMigrate: value.TW_STORE_MIGRATE,
    spoolMaxBytes: value.TW_SPOOL_MAX_BYTES,
    queueLeaseMs: value.TW_QUEUE_LEASE_MS,
    work: value.TW_WORK,
    configFile: resolve(value.TW_CONFIG ?? "webhook_config.yaml"),
    configFileNamed: value.TW_CONFIG !== undefined,
    pluginsFile: resolve(value.TW_PLUGINS ?? shippedPlugins),
    playbooksDir: resolve(value.TW_PLAYBOOKS),
    listsDir: resolve(value.TW_LISTS),
    adminToken: value.TW_ADMIN_TOKEN,
    masterKey: value.TW_MASTER_KEY,
    logLevel: value.TW_LOG_LEVEL,
    logFileMaxBytes: value.TW_LOG_FILE_MAX_BYTES,
    logFiles: value.TW_LOG_FILES,
    maxBodyBytes: value.TW_MAX_BODY_BYTES,
    receiveTimeoutMs: value.TW_RECEIVE_TIMEOUT_MS,
    refusedPerMinute: value.TW_REFUSED_PER_MINUTE,
    stopTimeoutMs: value.TW_STOP_TIMEOUT_MS,
    workers: value.TW_WORKERS,
    stallTimeoutMs: value.TW_STALL_TIMEOUT_MS,
    trustedProxies: listed(value.TW_TRUSTED_PROXIES),
    metrics: value.TW_METRICS ?? (isLoopback(value.TW_HOST) ? "open" : "token"),
    workPort: value.TW_WORK_PORT,
    traceParent: value.TW_TRACE_PARENT,
    traceSlowMs: value.TW_TRACE_SLOW_MS,
    traceUrl: value.TW_TRACE_URL,
  });
}

/** Nobody else may take a queued delivery up before it is known to have stalled. */
function leaseProblems(given: Readonly<Record<string, unknown>>): readonly string[] {
  const { TW_WORKERS: workers, TW_QUEUE_LEASE_MS: lease, TW_STALL_TIMEOUT_MS: stall } = given;
  if (workers === undefined || !(Number(lease) < 2 * Number(stall))) return [];
  return [
    `TW_QUEUE_LEASE_MS must be at least twice TW_STALL_TIMEOUT_MS, ${2 * Number(stall)}, where there are workers`,
  ];
}

function tooLargeFor(storeUrl: string | undefined, maxBodyBytes: number): readonly string[] {
  if (!(storeUrl?.startsWith("mongodb") ?? false) || !(maxBodyBytes > largestMongoBody)) return [];
  return [`TW_MAX_BODY_BYTES must be at most ${largestMongoBody} where MongoDB is the store`];
}
