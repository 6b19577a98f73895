import joi from "joi";
import { type Action, isAction } from "./action.ts";
import type { Alert, Ignored } from "./alert.ts";
import type { Delivery, Reply } from "./delivery.ts";
import { PluginError } from "./errors.ts";
import type { Fetch } from "./fetch.ts";
import type { Greeted, Handshake } from "./handshake/handshake.ts";
import type { Pointers } from "./pointers.ts";
import type { SignatureScheme } from "./signature/scheme.ts";
import { sdkVersion } from "./version.ts";

/** What a mapper may know besides the payload. Everything comes in here: a mapper reads no clock and no file. */
export interface MapContext<Options = unknown> {
  /** The source's name. */
  readonly source: string;
  /** The source's options, checked by the plugin's schema. */
  readonly options: Options;
  readonly receivedAt: Date;
}

export type MapResult = Alert | readonly Alert[] | Ignored | Pointers;

/** With what credentials of the source its pointers are fetched, and from where: OAuth 2.0, client credentials (RFC 6749, 4.4). */
export interface FetchAccess {
  /** Where a token is asked for; `https:`, or `http:` on the loopback. */
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** The only origins that are fetched from and shown the token, like `https://graph.microsoft.com`. */
  readonly origins: readonly string[];
}

/** A plugin as its author writes it. The members stand in the order in which a delivery meets them. */
export interface PluginDefinition<Options, Payload> {
  /** Lower-case letters, digits and hyphens; what a source names it by (`plugin: crowdstrike`). */
  readonly name: string;
  /** For people: `CrowdStrike Falcon`. */
  readonly title: string;
  /**
   * The oldest SDK that the core must have, as `^0.1.0`: for a plugin that needs what a later version of a line brought.
   * Left out, any core of the line will do that the plugin was made with.
   */
  readonly sdk?: string;
  /** What a source may set under `options`. Mark secrets with `.meta({ sensitive: true })`: they are sealed and never shown. */
  readonly options?: joi.ObjectSchema<Options>;
  /** What `options.preset` may be, and for whom each is, for people: `{ wazuh: "Wazuh" }`. */
  readonly presets?: Readonly<Record<string, string>>;
  /** How the sender proves itself; a function of the options where the sender lets its user choose. */
  readonly signature: SignatureScheme | ((options: Options) => SignatureScheme);
  /**
   * Answers what the vendor wants answered before it sends events; `undefined` for any other delivery. A function is asked
   * before authentication, since most vendors do not sign a challenge; a `Handshake` says whether before or after; `choose`
   * gives one by the source's options.
   */
  readonly handshake?:
    | Handshake<Options>
    | Required<Handshake<Options>>["before"]
    | { readonly choose: (options: Options) => Handshake<Options> | undefined };
  /** The shape of a payload. Vendors add fields, so objects take `.unknown()`. Nothing is converted: what came is what is mapped. */
  readonly payload: joi.Schema<Payload>;
  /** How well a payload fits this plugin, 0 (not at all) to 1 (surely): decides for sources with `plugin: auto`. */
  readonly fits: (payload: unknown) => number;
  /** The vendor's id of the event, where the payload has one: it then identifies the delivery, also when it is signed anew. */
  readonly eventId?: (payload: Payload, options: Options) => string | undefined;
  /**
   * Pure: the same payload and context give the same alerts, and neither is changed. Throws `PayloadError` for a payload
   * that makes no sense.
   */
  readonly map: (payload: Payload, context: MapContext<Options>) => MapResult;
  /** How `pointers(…)` are fetched, by the source's options; `undefined` where it has no credentials. */
  readonly fetch?: (options: Options) => FetchAccess | undefined;
  /** What playbooks can do with incidents of this kind, made by `defineAction`. */
  readonly actions?: readonly Action[];
  /** A small payload that this plugin takes: the test event of a source. */
  readonly example: Payload;
}

/** What a source's handshake is, by its options; called, it is asked before authentication. */
export interface PluginHandshake {
  (delivery: Delivery, options: unknown): Reply | undefined;
  readonly of: (options: unknown) => SourceHandshake;
}

/** A source's own: its options are in it. */
export interface SourceHandshake {
  readonly before?: (delivery: Delivery) => Reply | undefined;
  readonly after?: (delivery: Delivery, fetch: Fetch) => Greeted | Promise<Greeted> | undefined;
}

const brand = Symbol.for("thruway.plugin");

/** A plugin as the core sees it: checked, frozen, its types erased. Made by `definePlugin` only. */
export interface Plugin {
  readonly [brand]: true;
  readonly name: string;
  readonly title: string;
  readonly sdk: {
    /** Of the copy that made the plugin. */
    readonly version: string;
    /** What the plugin asks for by itself. */
    readonly asks: string | undefined;
  };
  readonly options: joi.ObjectSchema;
  readonly presets: Readonly<Record<string, string>>;
  readonly signature: (options: unknown) => SignatureScheme;
  readonly handshake: PluginHandshake;
  readonly payload: joi.Schema;
  readonly fits: (payload: unknown) => number;
  readonly eventId: (payload: unknown, options: unknown) => string | undefined;
  readonly map: (payload: unknown, context: MapContext) => MapResult;
  readonly fetch: (options: unknown) => FetchAccess | undefined;
  readonly actions: readonly Action[];
  readonly example: unknown;
}

const handshakeForm = "{{#label}} must be of type function, or have before, after or choose";
const handshakeSchema = joi
  .alternatives(
    joi.function(),
    joi.object({ before: joi.function(), after: joi.function() }).or("before", "after"),
    joi.object({ choose: joi.function().required() }),
  )
  .messages({ "alternatives.match": handshakeForm, "alternatives.types": handshakeForm });

const definitionSchema = joi
  .object({
    name: joi
      .string()
      .pattern(/^[a-z][a-z0-9-]{0,39}$/, "lower-case letters, digits and hyphens")
      .required(),
    title: joi.string().required(),
    sdk: joi.string().pattern(/^\^\d{1,6}\.\d{1,6}\.\d{1,6}$/, "version with a caret, like ^0.1.0"),
    options: joi.object().schema("object"),
    presets: joi.object().pattern(joi.string(), joi.string()),
    signature: joi.alternatives(joi.function(), joi.object({ verify: joi.function().required() }).unknown()).required(),
    handshake: handshakeSchema,
    payload: joi.object().schema().required(),
    fits: joi.function().required(),
    eventId: joi.function(),
    map: joi.function().required(),
    fetch: joi.function(),
    actions: joi
      .array()
      .items(
        joi.custom((value: unknown, helpers) =>
          isAction(value) ? value : helpers.message({ custom: "{{#label}} must be made by defineAction" }),
        ),
      ),
    example: joi.any().required(),
  })
  .required()
  .label("definition");

/**
 * Makes a plugin of its definition. The result is the default export of the plugin's module.
 *
 * @throws {PluginError} that names every member that is missing or wrong, and for an `example` or a preset that the plugin's
 *   own schemas refuse
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
  const presets = definition.presets ?? {};
  for (const preset of Object.keys(presets)) {
    const { error: wrong } = (options as joi.ObjectSchema).validate({ preset });
    if (wrong) throw new PluginError(`the preset "${preset}" is not among the options: ${wrong.message}`);
  }

  // The core validates with the plugin's own schemas before it calls any of these, so the erased types hold.
  return Object.freeze<Plugin>({
    [brand]: true,
    name: definition.name,
    title: definition.title,
    sdk: Object.freeze({ version: sdkVersion, asks: definition.sdk }),
    options: (options as joi.ObjectSchema).keys({ allow_unsigned: joi.boolean() }),
    presets,
    signature: (given) => schemeOf(given as Options),
    handshake: erased(definition.handshake),
    payload: definition.payload,
    fits: definition.fits,
    eventId: (payload, given) => definition.eventId?.(payload as Payload, given as Options),
    map: (payload, context) => definition.map(payload as Payload, context as MapContext<Options>),
    fetch: (given) => definition.fetch?.(given as Options),
    actions: Object.freeze([...(definition.actions ?? [])]),
    example: definition.example,
  });
}

function erased<Options>(defined: PluginDefinition<Options, never>["handshake"]): PluginHandshake {
  const of = (given: unknown): SourceHandshake => {
    const options = given as Options;
    const { before, after } = chosen(defined, options) ?? {};
    return {
      ...(before && { before: (delivery) => before(delivery, options) }),
      ...(after && { after: (delivery, fetch) => after(delivery, options, fetch) }),
    };
  };
  const asked = (delivery: Delivery, options: unknown): Reply | undefined => of(options).before?.(delivery);
  return Object.freeze(Object.assign(asked, { of }));
}

function chosen<Options>(
  defined: PluginDefinition<Options, never>["handshake"],
  options: Options,
): Handshake<Options> | undefined {
  if (typeof defined === "function") return { before: defined };
  return defined !== undefined && "choose" in defined ? defined.choose(options) : defined;
}

/** Whether a module's export is a plugin, also one that another copy of this SDK made. */
export function isPlugin(value: unknown): value is Plugin {
  return typeof value === "object" && value !== null && brand in value;
}
