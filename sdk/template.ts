import { PluginError } from "./errors.ts";

/** What of a request a template can name. */
export type Placeholder = "body" | "timestamp" | "id" | "url";

export interface Given {
  readonly body: Uint8Array;
  readonly url: string;
  timestamp?: string;
  id?: string;
}

/** A template as literals and placeholders in turn: `v0:{timestamp}` becomes `["v0:", {field: "timestamp"}]`. */
export type Template = readonly (string | { readonly field: Placeholder })[];

/** @throws {PluginError} for a placeholder that there is not, and for a template that leaves the body out */
export function compileTemplate(signs: string): Template {
  const parts = signs
    .split(/(\{[^}]*\})/)
    .filter((piece) => piece !== "")
    .map((piece): Template[number] => {
      const field = /^\{(body|timestamp|id|url)\}$/.exec(piece)?.[1];
      if (field !== undefined) return { field: field as Placeholder };
      if (/[{}]/.test(piece)) {
        throw new PluginError(`signs: "${piece}" is not one of {body}, {timestamp}, {id}, {url}`);
      }
      return piece;
    });
  if (!names(parts, "body"))
    throw new PluginError('signs: must name "{body}", or anybody could change what was signed');
  return parts;
}

export function names(template: Template, field: Placeholder): boolean {
  return template.some((part) => typeof part !== "string" && part.field === field);
}

export function fillTemplate(template: Template, given: Given): Buffer {
  return Buffer.concat(
    template.map((part) => {
      const value = typeof part === "string" ? part : (given[part.field] ?? "");
      return typeof value === "string" ? Buffer.from(value) : value;
    }),
  );
}
