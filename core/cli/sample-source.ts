import { randomBytes } from "node:crypto";
import { type Plugin, type Signed, takesSecret } from "@thruway/sdk";
import { written } from "@thruway/sdk/testing";
import type { Options } from "./values.ts";

/** A source that samples are sent to: what it is registered with, and what its sender would do. */
export interface SampleSource {
  readonly name: string;
  readonly secret: string;
  readonly options: Options;
}

/** @param secret left out, one that is thrown away */
export function sampleSource(name: string, plugin: Plugin, options: Options = {}, secret?: string): SampleSource {
  const own = (): string => written(randomBytes(32).toString("hex"), plugin.signature(options));
  return { name, options, secret: secret ?? own() };
}

/** The body that registers it; a scheme that can only take what nobody signed needs the leave to do so. */
export function registrationOf({ name, secret, options }: SampleSource, plugin: Plugin): object {
  const scheme = plugin.signature(options);
  const signs = takesSecret(scheme);
  const leave = !signs && scheme.acceptsUnsigned ? { allow_unsigned: true } : {};
  return { source: name, plugin: plugin.name, options: { ...options, ...leave }, ...(signs && { secret }) };
}

/** A body as its sender would sign it. */
export function signedSample(
  { name, secret, options }: SampleSource,
  plugin: Plugin,
  body: Uint8Array,
  at: Date,
): Signed {
  return plugin.signature(options).sign({ url: `/api/webhooks/${name}`, body }, secret, at);
}

/** Posts a body as its sender would. Gives what the gateway answered. */
export async function sendSample(
  gatewayUrl: string,
  source: SampleSource,
  plugin: Plugin,
  body: Uint8Array,
  at: Date,
): Promise<unknown> {
  const { url, headers } = signedSample(source, plugin, body, at);
  const response = await fetch(`${gatewayUrl}${url}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: Uint8Array.from(body),
  });
  return response.json();
}
