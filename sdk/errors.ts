/**
 * A payload that passed the schema and still cannot be mapped. The core answers 422 `invalid_payload` with this path and
 * message and keeps the delivery. Anything else that a mapper throws counts as a bug in the plugin: the delivery is queued.
 */
export class PayloadError extends Error {
  override readonly name = "PayloadError";
  /** Where in the payload, with dots: `event.DetectId`. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

/** A mistake in a plugin's own definition or in a scheme's options: found when the plugin is loaded, never at a delivery. */
export class PluginError extends Error {
  override readonly name = "PluginError";
}

/** Bytes that are not JSON as Thruway takes it; the message says what is wrong. */
export class JsonError extends Error {
  override readonly name = "JsonError";
}
