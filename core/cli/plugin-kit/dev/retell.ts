import { type Plugin, parseJson } from "@thruway/sdk";
import { listed, type Made } from "@thruway/sdk/testing";
import { messageOf } from "../../../errors.ts";
import { placeIn } from "../../../registry/place.ts";

/** What the plugin makes of a body as it is now, or why it makes nothing. */
export type Told = { readonly made: Made } | { readonly thrown: string; readonly place: string | undefined };

interface Circumstances {
  readonly source: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly receivedAt: Date;
  readonly contentType: string | null;
  /** The plugin's own. */
  readonly folder: string;
}

/** Maps a delivered body once more, to show its alerts: a mapper is pure, so they are the ones that the gateway made. */
export function retell(plugin: Plugin, body: Uint8Array, { folder, contentType, ...context }: Circumstances): Told {
  try {
    const scheme = plugin.signature(context.options);
    const payload = parseJson(scheme.unwrap?.(body, contentType ?? undefined) ?? body);
    const { error } = plugin.payload.validate(payload, { convert: false });
    if (error !== undefined) throw error;
    return { made: listed(plugin.map(payload, context)) };
  } catch (error) {
    return { thrown: messageOf(error), place: placeIn(error, folder) };
  }
}
