import type { Plugin } from "@thruway/sdk";
import { Refusal } from "../errors.ts";
import type { Fetched, Fetcher, FetchTime } from "../fetch/fetcher.ts";
import type { Source } from "../sources/sources.ts";
import { check } from "../validate.ts";
import { type Making, type Mapped, map, type Pointed } from "./map.ts";
import { parse } from "./parse.ts";
import { byPlugin, PluginFailure } from "./plugin-failure.ts";
import type { Made } from "./process.ts";

export interface Following {
  readonly fetcher: Fetcher;
  readonly making: Making;
  /** Nobody will ask again: what cannot be had now is left out. */
  readonly last: boolean;
  /** Ends the fetching: the gateway stops. */
  readonly signal: AbortSignal;
  /** Told of each request. */
  readonly onFetch?: (fetch: FetchTime) => void;
}

/** What became of a delivery, and when to ask again at the earliest for what could not be fetched. */
export type Followed = Made & { readonly retryAfterMs?: number };

/**
 * Fetches what a delivery points at, and maps each thing by the same plugin as if it had been delivered: in the queue, since
 * no vendor waits that long. What may be there later leaves the delivery queued.
 */
export async function follow(
  made: Made,
  pointed: Pointed & { readonly plugin: Plugin },
  source: Source,
  { fetcher, making, last, signal, onFetch }: Following,
): Promise<Followed> {
  const fetched = await fetcher.fetchAll(pointed.pointers, pointed.access, signal, onFetch);
  const failed = fetched.find((one) => one.kind === "failed");
  if (failed !== undefined && !last) return { ...unfetched(made, [failed]), ...retryAfter(failed) };
  try {
    const read = fetched.map((one) => readOf(one, pointed.plugin, source, making));
    return outcomeOf(made, [pointed, ...read]);
  } catch (error) {
    if (!(error instanceof PluginFailure)) throw error;
    return { ...madeOf(made), outcome: "queued", reason: error.message, failure: error };
  }
}

/** Something that is pointed at and makes no alert. */
interface Missing {
  readonly url: string;
  readonly reason: string;
  /** It was there, and could not be understood. */
  readonly misread: boolean;
}

/** Validates and maps what was fetched. @throws {PluginFailure} */
function readOf(one: Fetched, plugin: Plugin, source: Source, making: Making): Mapped | Missing {
  const { url } = one;
  if (one.kind !== "got") return { url, reason: one.reason, misread: false };
  try {
    const payload = parse(one.bytes, {});
    const checked = byPlugin(plugin.name, () => check(plugin.payload, payload, { convert: false }));
    if ("value" in checked) return map(payload, plugin, source, making);
    return { url, reason: `does not have the shape that the plugin '${plugin.name}' expects`, misread: true };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { url, reason: error.message, misread: true };
  }
}

function outcomeOf(made: Made, read: readonly (Mapped | Missing)[]): Made {
  const drafts = read.flatMap((one) => ("drafts" in one ? one.drafts : []));
  const missing = read.filter((one) => "misread" in one);
  const misread = missing.filter((one) => one.misread);
  if (drafts.length > 0) {
    const reason = `${missing.length} of ${read.length - 1} could not be had: ${sentence(missing)}`;
    return { ...madeOf(made), outcome: "accepted", drafts, ...(missing.length > 0 && { reason }) };
  }
  // A notification may outrun what it tells of: the only thing there is, and is not there yet, is asked for again.
  if (missing.length > misread.length) return unfetched(made, missing);
  if (misread.length > 0) {
    const message = `What it points at cannot be mapped: ${sentence(misread)}`;
    const refusal = new Refusal("invalid_payload", { message, details: detailsOf(misread) });
    return { ...madeOf(made), outcome: "rejected", refusal };
  }
  const ignored = read.find((one) => "ignored" in one);
  return { ...madeOf(made), outcome: "ignored", reason: ignored?.ignored ?? "what it points at holds no alert" };
}

function unfetched(made: Made, missing: readonly Pick<Missing, "url" | "reason">[]): Made {
  const refusal = new Refusal("fetch_failed", { message: sentence(missing), details: detailsOf(missing) });
  return { ...madeOf(made), outcome: "queued", reason: refusal.message, refusal };
}

/** What it is known by, whatever becomes of it. */
function madeOf({ plugin, key }: Made): Pick<Made, "plugin" | "key" | "drafts"> {
  return { plugin, key, drafts: [] };
}

function retryAfter({ retryAfterMs }: { readonly retryAfterMs?: number }): Pick<Followed, "retryAfterMs"> {
  return retryAfterMs === undefined ? {} : { retryAfterMs };
}

const longestUrl = 200;
const mostDetails = 20;

function sentence([first]: readonly Pick<Missing, "url" | "reason">[]): string {
  return first === undefined ? "" : `${first.url.slice(0, longestUrl)} ${first.reason}`;
}

function detailsOf(missing: readonly Pick<Missing, "url" | "reason">[]): Refusal["details"] & object {
  return missing.slice(0, mostDetails).map(({ url, reason }) => ({ path: url.slice(0, longestUrl), message: reason }));
}
