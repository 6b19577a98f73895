import { setTimeout as pause } from "node:timers/promises";
import type { DeliveryRecord } from "../../../store/ports.ts";
import type { Api } from "../../client.ts";
import type { List } from "../../list.ts";
import type { ShownDelivery } from "../../shown-delivery.ts";

const everyMs = 100;
const most = 100;

/**
 * Tells of every delivery as it comes, and again when it becomes something else: one that was queued is settled later.
 *
 * @param onDelivery is awaited before the next
 */
export async function follow(
  api: Api,
  signal: AbortSignal,
  onDelivery: (delivery: ShownDelivery) => Promise<void> | void,
): Promise<void> {
  const known = new Map<string, string>();
  while (!signal.aborted) {
    const { data } = await api.get<List<DeliveryRecord>>("/api/deliveries", { limit: most });
    for (const { id, outcome } of data.toReversed()) {
      if (known.get(id) === outcome) continue;
      known.set(id, outcome);
      await onDelivery(await api.get<ShownDelivery>(`/api/deliveries/${id}`));
    }
    await pause(everyMs, undefined, { signal }).catch(() => undefined);
  }
}

/** The bytes of a delivery, or of the earlier one that it is a duplicate of; `undefined` where nothing is kept. */
export async function bodyOf(delivery: ShownDelivery, api: Api): Promise<Uint8Array | undefined> {
  const { body, body_encoding: encoding, duplicate_of: original } = delivery;
  if (body !== null) return Buffer.from(body, encoding ?? "utf8");
  return original === null ? undefined : bodyOf(await api.get<ShownDelivery>(`/api/deliveries/${original}`), api);
}
