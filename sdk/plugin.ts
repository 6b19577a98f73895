import joi from "joi";
import type { Alert, Ignored } from "./alert.ts";
import type { Delivery, Reply } from "./delivery.ts";
import { PluginError } from "./errors.ts";
import type { SignatureScheme } from "./signature/scheme.ts";

/** What a mapper may know besides the payload. Everything comes in here: a mapper reads no clock and no file. */
export interface MapContext<Options = unknown> {
  /** The source's name. */
  readonly source: string;
  /** The source's options, checked by the plugin's schema. */
  readonly options: Options;
  readonly receivedAt: Date;
}

export type MapResult = Alert | readonly Alert[] | Ignored;

/** A plugin as its author writes it. The members stand in the order in which a delivery meets them. */
export interface PluginDefinition<Options, Payload> {
  /** Lower-case letters, digits and hyphens; what a source names it by (`plugin: crowdstrike`). */
  readonly name: string;
  /** For people: `CrowdStrike Falcon`. */
  readonly title: string;
  /** What a source may set under `options`. Mark secrets with `.meta({ sensitive: true })`: they are sealed and never shown. */
  readonly options?: joi.ObjectSchema<Options>;
  /** How the sender proves itself; a function of the options where the sender lets its user choose. */
  readonly signature: SignatureScheme | ((options: Options) => SignatureScheme);
  /** Answers a challenge of the vendor's, before authentication, since vendors do not sign them; `undefined` for any other delivery. */
  readonly handshake?: (delivery: Delivery, options: Options) => Reply | undefined;
  /** The shape of a payload. Vendors add fields, so objects take `.unknown()`. Nothing is converted: what came is what is mapped. */
  readonly payload: joi.Schema<Payload>;
  /** How well a payload fits this plugin, 0 (not at all) to 1 (surely): decides for sources with `plugin: auto`. */
  readonly fits: (payload: unknown) => number;
  /** The vendor's id of the event, where the payload has one: it then identifies the delivery, also when it is signed anew. */
  readonly eventId?: (payload: Payload) => string | undefined;
  /**
   * Pure: the same payload and context give the same alerts, and neither is changed. Throws `PayloadError` for a payload
   * that makes no sense.
   */
  readonly map: (payload: Payload, context: MapContext<Options>) => MapResult;
  /** A small payload that this plugin takes: the test event of a source. */
  readonly example: Payload;
}

const brand = Symbol.for("thruway.plugin");

/** A plugin as the core sees it: checked, frozen, its types erased. Made by `definePlugin` only. */
export interface Plugin {
  readonly [brand]: true;
  readonly name: string;
  readonly title: string;
  readonly options: joi.ObjectSchema;
  readonly signature: (options: unknown) => SignatureScheme;
  readonly handshake: (delivery: Delivery, options: unknown) => Reply | undefined;
  readonly payload: joi.Schema;
  readonly fits: (payload: unknown) => number;
  readonly eventId: (payload: unknown) => string | undefined;
  readonly map: (payload: unknown, context: MapContext) => MapResult;
  readonly example: unknown;
}

const definitionSchema = joi
  .object({
    name: joi
      .string()
      .pattern(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and hyphens")
      .required(),
    title: joi.string().required(),
    options: joi.object().schema("object"),
    signature: joi.alternatives(joi.function(), joi.object({ verify: joi.function().required() }).unknown()).required(),
    handshake: joi.function(),
    payload: joi.object().schema().required(),
    fits: joi.function().required(),
    eventId: joi.function(),
    map: joi.function().required(),
    example: joi.any().required(),
  })
  .required()
  .label("definition");

/**
 * Makes a plugin of its definition. The result is the default export of the plugin's module.
 *
 * @throws {PluginError} that names every member that is missing or wrong, and for an `example` that the plugin's own schema
 *   refuses
 */
export function definePlugin<Options = Record<string, never>, Payload = unknown>(
  definition: PluginDefinition<Options, Payload>,
): Plugin {
  const { error } = definitionSchema.validate(definition, { abortEarly: false, convert: false });
  if (error) throw new PluginError(error.details.map((detail) => detail.message).join("; "));

  const { signature } = definition;
  const schemeOf = typeof signature === "function" ? signature : () => signature;
  const options = definition.options ?? joi.object<Options>({});
  const example = definition.payload.validate(definition.example, { convert: false });
  if (example.error) throw new PluginError(`"example" is not a payload: ${example.error.message}`);

  // The core validates with the plugin's own schemas before it calls any of these, so the erased types hold.
  return Object.freeze<Plugin>({
    [brand]: true,
    name: definition.name,
    title: definition.title,
    options: (options as joi.ObjectSchema).keys({ allow_unsigned: joi.boolean() }),
    signature: (given) => schemeOf(given as Options),
    handshake: (delivery, given) => definition.handshake?.(delivery, given as Options),
    payload: definition.payload,
    fits: definition.fits,
    eventId: (payload) => definition.eventId?.(payload as Payload),
    map: (payload, context) => definition.map(payload as Payload, context as MapContext<Options>),
    example: definition.example,
  });
}

/** Whether a module's export is a plugin, also one that another copy of this SDK made. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === "object" && value !== null && brand in value;
}
