import { type Handshake, joi, type SignatureScheme, webhookSignature } from "@thruway/sdk";
import { type FieldMap, type FieldMapOptions, fieldMapOf } from "./field-map/index.ts";
import { mapOptions } from "./field-map/options.ts";
import { type HandshakeName, handshakeOf, handshakeOptions } from "./handshake.ts";
import { type PresetName, presetNames, presets } from "./presets/index.ts";
import { type SignatureOptions, schemeOf, signatureOptions } from "./signature.ts";

/** What a source may set. What it says itself goes before what its preset says. */
export interface Options {
  readonly preset?: PresetName;
  /** How the sender proves itself, where it does not sign the way Thruway does. */
  readonly signature?: SignatureOptions;
  /** What the sender wants answered before it sends events. */
  readonly handshake?: HandshakeName;
  /** Where each field of an alert comes from, where the sender writes another format than the documented one. */
  readonly map?: FieldMapOptions;
}

export const optionsSchema = joi.object<Options>({
  preset: joi.valid(...presetNames),
  signature: signatureOptions,
  handshake: handshakeOptions,
  map: mapOptions,
});

export function signatureFor(options: Options): SignatureScheme {
  const chosen = chosenSignature(options);
  return chosen === undefined ? webhookSignature() : schemeOf(chosen);
}

export function handshakeFor(options: Options): Handshake | undefined {
  return handshakeOf(options.handshake, chosenSignature(options));
}

function chosenSignature({ preset, signature }: Options): SignatureOptions | undefined {
  return signature ?? (preset === undefined ? undefined : presets[preset].signature);
}

/** A source's options are one object as long as they stay the same, and a map takes longer to read than to use. */
const made = new WeakMap<Options, FieldMap>();

/** `undefined` for a source that takes the documented format. */
export function fieldMapFor(options: Options): FieldMap | undefined {
  if (options.preset === undefined && options.map === undefined) return undefined;
  const known = made.get(options);
  if (known !== undefined) return known;
  const map = fieldMapOf({ ...(options.preset && presets[options.preset].map), ...options.map });
  made.set(options, map);
  return map;
}
