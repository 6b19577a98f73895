import { definePlugin, hmac, joi, type Plugin, type PluginDefinition, unsigned, webhookSignature } from "@thruway/sdk";
import { type Plugins, pluginsOf } from "../../../core/registry/plugins.ts";
import { type Sealer, sealer } from "../../../core/sources/seal.ts";
import { Sources } from "../../../core/sources/sources.ts";
import type { SourceRecord, SourceStore } from "../../../core/store/ports.ts";

export const testSecret = "throw-away-test-secret-0123456789abcdef";
export const noon = new Date("2026-01-15T12:00:00.000Z");

interface Payload {
  readonly title: string;
}

/** A plugin that takes `{"title": …}`. */
export function aPlugin(given: Partial<PluginDefinition<Record<string, never>, Payload>> = {}): Plugin {
  return definePlugin<Record<string, never>, Payload>({
    name: "signed",
    title: "A sender that signs",
    signature: webhookSignature(),
    payload: joi.object<Payload>({ title: joi.string().required() }).unknown(),
    fits: () => 0.5,
    map: ({ title }) => ({ type: "alert", title }),
    example: { title: "Example" },
    ...given,
  });
}

interface VendorOptions {
  readonly header?: string;
  readonly api?: { readonly token?: string; readonly region?: string };
}

/** A plugin with options, one of them sensitive, whose vendor's secrets are long. */
export function aVendor(): Plugin {
  return definePlugin<VendorOptions, Payload>({
    name: "vendor",
    title: "A vendor with options",
    options: joi.object<VendorOptions>({
      header: joi.string(),
      api: joi.object({ token: joi.string().meta({ sensitive: true }), region: joi.string() }),
    }),
    signature: ({ header = "X-Signature" }) => hmac({ header, minimumSecretLength: 20 }),
    payload: joi.object<Payload>({ title: joi.string().required() }),
    fits: () => 0,
    map: ({ title }) => ({ type: "alert", title }),
    example: { title: "Example" },
  });
}

export function anUnsignedPlugin(): Plugin {
  return aPlugin({
    name: "silent",
    title: "A sender that cannot sign",
    signature: unsigned("it is a printer"),
    fits: () => 0,
  });
}

export function plugins(): Plugins {
  return pluginsOf([aPlugin(), aVendor(), anUnsignedPlugin()]);
}

/** A store of sources in memory. */
export function aSourceStore(): SourceStore & { readonly records: Map<string, SourceRecord> } {
  const records = new Map<string, SourceRecord>();
  return {
    records,
    all: () => Promise.resolve([...records.values()]),
    revision: () => Promise.resolve(JSON.stringify([...records.values()])),
    add(record) {
      if (records.has(record.source)) return Promise.resolve(false);
      records.set(record.source, record);
      return Promise.resolve(true);
    },
    replace(record) {
      if (!records.has(record.source)) return Promise.resolve(false);
      records.set(record.source, record);
      return Promise.resolve(true);
    },
    remove: (source) => Promise.resolve(records.delete(source)),
  };
}

export const testSealer = sealer(Buffer.alloc(32, 1));

export function aSourceList(
  given: { readonly store?: SourceStore; readonly sealer?: Sealer; readonly now?: () => Date } = {},
): Sources {
  return new Sources({ store: aSourceStore(), plugins: plugins(), sealer: testSealer, now: () => noon, ...given });
}
