import { type Alert, type Ignored, type Pointers, record, text } from "@thruway/sdk";
import type { FetchOptions } from "./fetch-options.ts";

export interface Options {
  /** The portal that links to alerts lead to where Microsoft sends none; a sovereign cloud has its own. */
  readonly portal_url?: string;
  /** With what notifications, which only point at alerts, are followed. */
  readonly fetch?: FetchOptions;
}

export type Fields = Readonly<Record<string, unknown>>;

/** What an item of a delivery comes to. */
export type Reading = Alert | Ignored | Pointers;

/** One of the shapes that Microsoft's products and their relays send. */
export interface Family {
  /** For messages: `Microsoft Graph alert`. */
  readonly title: string;
  /** The fields that would make it one of this family and are not there; empty for one that is. */
  lacks(fields: Fields): readonly string[];
  /** What all items of this family in one delivery come to. */
  read(all: readonly Fields[], options: Options): readonly Reading[];
  /** What tells one sending of an alert from the next: its id alone would drop every update as a repetition. */
  eventId(fields: Fields): string | undefined;
}

/** The `read` of a family whose items have nothing to do with each other. */
export function each(read: (fields: Fields, options: Options) => Reading): Family["read"] {
  return (all, options) => all.map((fields) => read(fields, options));
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

/** The names of the fields that hold no object. */
export function missingObjects(fields: Fields, ...names: readonly string[]): readonly string[] {
  return names.filter((name) => Object.keys(record(fields[name])).length === 0).map((name) => `"${name}"`);
}

/** All of the parts as one id; `undefined` unless all are there. */
export function joined(...parts: readonly unknown[]): string | undefined {
  const found = parts.map(text);
  return found.includes(undefined) ? undefined : found.join(" ");
}
