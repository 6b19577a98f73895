import { type Alert, text } from "@thruway/sdk";

export interface Options {
  /** The portal that links to Defender for Endpoint alerts lead to; a sovereign cloud has its own. */
  readonly portal_url?: string;
}

export type Fields = Readonly<Record<string, unknown>>;

/** One of the shapes that Microsoft's products and their relays send. */
export interface Family {
  /** For messages: `Microsoft Graph alert`. */
  readonly title: string;
  /** The fields that would make it one of this family and are not there; empty for one that is. */
  lacks(fields: Fields): readonly string[];
  toAlert(fields: Fields, options: Options): Alert;
  /** What tells one sending of an alert from the next: its id alone would drop every update as a repetition. */
  eventId(fields: Fields): string | undefined;
}

/** The names, quoted, of the fields that hold no text. */
export function missing(fields: Fields, ...names: readonly string[]): readonly string[] {
  return names.filter((name) => text(fields[name]) === undefined).map((name) => `"${name}"`);
}

/** The names, where none of the fields holds text. */
export function missingAll(fields: Fields, ...names: readonly string[]): readonly string[] {
  const lacking = missing(fields, ...names);
  return lacking.length === names.length ? [`one of ${lacking.join(", ")}`] : [];
}

/** All of the parts as one id; `undefined` unless all are there. */
export function joined(...parts: readonly unknown[]): string | undefined {
  const found = parts.map(text);
  return found.includes(undefined) ? undefined : found.join(" ");
}
