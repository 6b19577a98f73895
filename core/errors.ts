/**
 * Everything that a caller can be told went wrong: the code stands on the wire, in logs and in metrics, the status is what
 * HTTP makes of it. `docs/errors.md` has an entry for each; a test compares the two.
 */
export const errorTable = {
  invalid_signature: { status: 401, message: "Webhook signature verification failed" },
  invalid_timestamp: { status: 401, message: "Webhook timestamp is not valid" },
  timestamp_expired: { status: 401, message: "Webhook timestamp is too old" },
  unknown_source: { status: 404, message: "Webhook source is not registered" },
  source_disabled: { status: 403, message: "Webhook source is disabled" },
  invalid_json: { status: 400, message: "Body is not valid JSON" },
  invalid_payload: { status: 422, message: "Payload does not have the expected shape" },
  payload_too_large: { status: 413, message: "Body is too large" },
  unsupported_media_type: { status: 415, message: "Content type is not supported" },
  request_timeout: { status: 408, message: "The request did not arrive in time" },
  rate_limited: { status: 429, message: "Too many requests" },
  store_unavailable: { status: 503, message: "The store does not answer; come back" },
  fetch_failed: { status: 502, message: "What the event points at could not be fetched" },
  vendor_unreachable: { status: 503, message: "What proves the sender cannot be fetched; come back" },
  unauthorized: { status: 401, message: "A valid API token is required" },
  invalid_request: { status: 400, message: "The request is not valid" },
  not_found: { status: 404, message: "There is nothing here" },
  method_not_allowed: { status: 405, message: "Method is not allowed here" },
  source_exists: { status: 409, message: "Webhook source is already registered" },
  source_read_only: { status: 409, message: "Webhook source comes from the configuration file" },
  not_replayable: { status: 409, message: "There are no bytes to replay" },
  forbidden_transition: { status: 409, message: "The incident cannot become that" },
  merged_incident: { status: 409, message: "The incident is merged into another one" },
  version_mismatch: { status: 412, message: "The incident was changed in the meantime; read it again" },
  invalid_playbook: { status: 422, message: "The playbook has mistakes" },
  playbook_exists: { status: 409, message: "This version of the playbook is there already" },
  playbook_read_only: { status: 409, message: "The playbook comes from a file" },
  approval_decided: { status: 409, message: "The approval is decided already" },
  plugin_stalled: { status: 500, message: "The plugin did not come to an end" },
  internal_error: { status: 500, message: "Something went wrong here; it is logged under the request id" },
} as const satisfies Record<string, { readonly status: number; readonly message: string }>;

export type ErrorCode = keyof typeof errorTable;

/** One thing wrong with the input: where (dots into a body, `headers.…`, `query.…`), and what would be right. */
export interface Detail {
  readonly path: string;
  readonly message: string;
}

export interface RefusalOptions {
  readonly message?: string;
  readonly details?: readonly Detail[];
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** A request that is answered with an error: expected, counted, never logged with a stack. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: ErrorCode;
  readonly details: readonly Detail[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, options: RefusalOptions = {}) {
    super(options.message ?? errorTable[code].message, { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}

/** A mistake of the person who runs Thruway: printed as one line, without a stack. */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** The store did not do what it was asked: not the fault of who asked, and perhaps better in a while. */
export class StoreError extends Error {
  override readonly name = "StoreError";
}

/** The sender hung up before the request was whole: nobody is left to answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

/** One sentence of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Whether a file or folder was not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
