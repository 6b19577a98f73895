import type { Alert } from "./alert.ts";

/** Something that a delivery only names: where it is fetched, and what the token to fetch it with must be good for. */
export interface Pointer {
  /** `https:`; of an origin that the plugin's `fetch` allows. */
  readonly url: string;
  /** The OAuth 2.0 scope: `https://graph.microsoft.com/.default`. */
  readonly scope: string;
}

/** What a mapper returns when a delivery says where alerts are and does not hold them. */
export interface Pointers {
  readonly pointers: readonly Pointer[];
  /** What they are, and what an operator can do to have them fetched: shown where the source cannot fetch. */
  readonly reason: string;
  /** What the delivery held besides. */
  readonly alerts?: readonly Alert[];
}

/**
 * Says that a delivery only points at its alerts. Where the plugin's `fetch` gives access, the delivery is queued, each pointer
 * is fetched and mapped by the same plugin; where it does not, the delivery is kept as ignored, with the reason.
 *
 * @param reason shown to the vendor and to operators, e.g. `"a pointer to an alert; set options.fetch to have it fetched"`
 */
export function pointers(list: readonly Pointer[], reason: string, alerts: readonly Alert[] = []): Pointers {
  return { pointers: list, reason, ...(alerts.length > 0 && { alerts }) };
}

/** Whether a mapper's result is `pointers(…)`. */
export function isPointers(result: object): result is Pointers {
  return "pointers" in result;
}

/**
 * What is wrong with pointers, as `alertFault` says it of an alert.
 *
 * @returns the end of a sentence; `undefined` where nothing is wrong
 */
export function pointersFault({ pointers: list, reason, alerts = [] }: Pointers): string | undefined {
  if (!Array.isArray(list) || !list.every(isPointer)) return "pointers do not all have a url and a scope";
  if (typeof reason !== "string" || reason === "") return "reason is not a text";
  return Array.isArray(alerts) ? undefined : "alerts are not a list";
}

function isPointer(pointer: unknown): boolean {
  const { url, scope } = (pointer ?? {}) as Partial<Pointer>;
  return typeof url === "string" && URL.canParse(url) && typeof scope === "string" && scope !== "";
}
