import type { Plugin } from "@thruway/sdk";
import { type SampleSource, signedSample } from "../../sample-source.ts";
import { type Recipe, recipeOf } from "./recipe.ts";

/** What is sent: a file as the shell finds it, or a text. */
export type Body = { readonly file: string } | { readonly text: string };

export interface Sending {
  readonly gatewayUrl: string;
  readonly source: SampleSource;
  readonly plugin: Plugin;
  readonly body: Body;
  /** The body's bytes, for a scheme that no shell can do. */
  readonly bytes: Uint8Array;
  readonly at: Date;
}

/** Commands for a shell that sign a body and send it; for a scheme that openssl does not know, a request that is signed already. */
export function sendingScript(sending: Sending): string {
  const { source, plugin } = sending;
  const recipe = recipeOf(plugin.signature(source.options), `/api/webhooks/${source.name}`);
  const fits = recipe !== undefined && (!recipe.url.includes("{secret}") || isPlain(source.secret));
  return fits ? computed(sending, recipe) : signedAlready(sending);
}

function computed(
  { gatewayUrl, source, body }: Sending,
  { algorithm, encoding, signs, unit, headers, url }: Recipe,
): string {
  const digest = encoding === "hex" ? "-r | cut -d' ' -f1" : "-binary | openssl base64 -A";
  return [
    `SECRET=${quoted(source.secret)}`,
    `BODY=${"file" in body ? `$(cat ${quoted(body.file)})` : quoted(body.text)}`,
    ...(unit === undefined ? [] : [`TIMESTAMP=$(${dates[unit]})`]),
    ...(signs === undefined
      ? []
      : [`SIGNATURE=$(printf '%s' "${variables(signs)}" | openssl dgst -${algorithm} -hmac "$SECRET" ${digest})`]),
    curl(
      `"${gatewayUrl}${variables(url)}"`,
      Object.entries(headers).map(([name, value]) => `"${name}: ${variables(value)}"`),
      '"$BODY"',
    ),
  ].join("\n");
}

const dates = { s: "date +%s", ms: "date +%s%3N", iso: "date -u +%Y-%m-%dT%H:%M:%SZ" } as const;

function signedAlready({ gatewayUrl, source, plugin, body, bytes, at }: Sending): string {
  const { url, headers } = signedSample(source, plugin, bytes, at);
  return [
    "# This scheme is not one of those that openssl can do: the request is signed already, and gets old.",
    curl(
      quoted(`${gatewayUrl}${url}`),
      Object.entries(headers).map(([name, value]) => quoted(`${name}: ${value}`)),
      "file" in body ? quoted(`@${body.file}`) : quoted(body.text),
    ),
  ].join("\n");
}

function curl(url: string, headers: readonly string[], data: string): string {
  const lines = [`curl -sS ${url}`, `-H "Content-Type: application/json"`, ...headers.map((header) => `-H ${header}`)];
  return [...lines, `--data-binary ${data}`].join(" \\\n  ");
}

/** Inside double quotes: what is written there stays as it is, and placeholders become variables. */
function variables(text: string): string {
  const escaped = text.replaceAll(/[\\"$`]/g, "\\$&");
  return escaped.replaceAll(/\{(signature|timestamp|secret|body)\}/g, (_, name: string) => `\${${name.toUpperCase()}}`);
}

/** Whether a secret can stand in a URL as it is. */
function isPlain(secret: string): boolean {
  return encodeURIComponent(secret) === secret;
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
