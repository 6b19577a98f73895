import type joi from "joi";
import type { Sealer } from "./seal.ts";

/** What a sensitive value looks like to everybody but the plugin. */
export const masked = "********";

type Options = Readonly<Record<string, unknown>>;

/** Seals the values that a plugin's schema marks by `.meta({ sensitive: true })`. */
export function sealOptions(schema: joi.ObjectSchema, options: Options, sealer: Sealer, context: string): Options {
  return mapSensitive(schema.describe(), options, (value) => ({ sealed: sealer.seal(JSON.stringify(value), context) }));
}

export function openOptions(schema: joi.ObjectSchema, options: Options, sealer: Sealer, context: string): Options {
  return mapSensitive(schema.describe(), options, (value) =>
    JSON.parse(sealer.open((value as { readonly sealed: string }).sealed, context)),
  );
}

export function maskOptions(schema: joi.ObjectSchema, options: Options): Options {
  return mapSensitive(schema.describe(), options, () => masked);
}

/** Whether anything that a schema describes is sensitive. */
export function hasSensitive(schema: joi.ObjectSchema): boolean {
  return JSON.stringify(schema.describe()).includes('"sensitive":true');
}

function mapSensitive(description: joi.Description, options: Options, change: (value: unknown) => unknown): Options {
  const keys: Readonly<Record<string, joi.Description>> = description.keys ?? {};
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      const key = keys[name];
      if (key === undefined || value === undefined) return [name, value];
      const metas: readonly { readonly sensitive?: boolean }[] = key.metas ?? [];
      if (metas.some((meta) => meta.sensitive === true)) return [name, change(value)];
      const nested = key.type === "object" && typeof value === "object" && value !== null;
      return [name, nested ? mapSensitive(key, value as Options, change) : value];
    }),
  );
}
