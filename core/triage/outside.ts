/** What the section `triage` of the configuration file says: which services may be asked, and where notifications go. */
import joi from "joi";
import type { Detail } from "../errors.ts";
import { documentFormats } from "../incidents/export/document.ts";
import { type Checked, check } from "../validate.ts";

/** Something to ask, or to have do something. */
export interface Service {
  /** Where its paths begin; nothing else of its host is asked. */
  readonly url: string;
  /** A token, say; never shown. */
  readonly headers: Readonly<Record<string, string>>;
  readonly timeout_seconds: number;
  /** How long an answer is good for; 0 for not at all. */
  readonly cache_seconds: number;
  readonly allow_private: boolean;
}

export const channelKinds = ["webhook", "slack", "teams"] as const;

/** What a webhook gets: messages of Thruway's own, or incidents as others write them. */
export const channelFormats = ["thruway", ...documentFormats] as const;

/** Where notifications and feeds go. */
export interface Channel {
  readonly kind: (typeof channelKinds)[number];
  readonly url: string;
  /** `whsec_…`: signs a webhook by Standard Webhooks. */
  readonly secret?: string;
  /** Of a webhook; left out, Thruway's own. */
  readonly format?: (typeof channelFormats)[number];
  /** Whether a webhook is told of every change of every incident. */
  readonly feed?: boolean;
  readonly allow_private: boolean;
}

export interface Outside {
  readonly services: Readonly<Record<string, Service>>;
  readonly channels: Readonly<Record<string, Channel>>;
}

export const noOutside: Outside = Object.freeze({ services: {}, channels: {} });

/** The channels that are told of every change, by their names. */
export function feedsIn({ channels }: Outside): readonly (readonly [name: string, channel: Channel])[] {
  return Object.entries(channels).filter(([, { feed }]) => feed === true);
}

/** What the configuration file has under a name. @throws with what there is, where there is no such thing */
export function configured<T>(kind: "service" | "channel", all: Readonly<Record<string, T>>, name: string): T {
  const found = Object.hasOwn(all, name) ? all[name] : undefined;
  if (found !== undefined) return found;
  const there = Object.keys(all).join(", ") || "none";
  throw new Error(`there is no ${kind} "${name}" in the configuration file; there are: ${there}`);
}

const name = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const url = joi.string().custom((value: string, helpers) => {
  const parsed = URL.canParse(value) ? new URL(value) : undefined;
  const isPlain = parsed?.username === "" && parsed.password === "" && parsed.hash === "";
  if (!isPlain || !/^https?:$/.test(parsed.protocol)) {
    return helpers.message({ custom: "{#label} must be an http or https address without a user and a password" });
  }
  return value;
});

export const serviceSchema: joi.ObjectSchema<Service> = joi.object<Service>({
  url: url.required(),
  headers: joi
    .object()
    .pattern(joi.string().pattern(/^[A-Za-z0-9-]+$/, "a header's name"), joi.string())
    .default({}),
  timeout_seconds: joi.number().min(0.1).max(60).default(10),
  cache_seconds: joi.number().integer().min(0).max(86_400).default(300),
  allow_private: joi.boolean().default(false),
});

const ofWebhook = (schema: joi.Schema): joi.Schema =>
  joi.when("kind", { is: "webhook", then: schema, otherwise: joi.forbidden() });

export const channelSchema: joi.ObjectSchema<Channel> = joi.object<Channel>({
  kind: joi
    .string()
    .valid(...channelKinds)
    .default("webhook"),
  url: url.required(),
  secret: joi
    .string()
    .pattern(/^whsec_[A-Za-z0-9+/=]{32,}$/, "whsec_ followed by base64 of at least 24 bytes")
    .when("kind", { is: "webhook", then: joi.required(), otherwise: joi.forbidden() }),
  format: ofWebhook(
    joi
      .string()
      .valid(...channelFormats)
      .default("thruway"),
  ),
  feed: ofWebhook(joi.boolean().default(false)),
  allow_private: joi.boolean().default(false),
});

const schema: joi.ObjectSchema<Outside> = joi.object<Outside>({
  services: joi.object().pattern(name, serviceSchema).default({}),
  channels: joi.object().pattern(name, channelSchema).default({}),
});

/** Reads the section of a file, which may be absent or empty. */
export function readOutside(section: unknown): Checked<Outside> {
  const checked = check(schema, section ?? {});
  if ("value" in checked) return checked;
  const details: Detail[] = checked.details.map(({ path, message }) => ({
    path: path === "" ? "triage" : `triage.${path}`,
    message,
  }));
  return { details };
}
