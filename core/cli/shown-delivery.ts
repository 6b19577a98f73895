import type { DeliveryRecord } from "../store/ports.ts";

/** A delivery as the API shows it: the bytes as text where they are UTF-8, and what to do next. */
export type ShownDelivery = DeliveryRecord & {
  readonly trace_id: string | null;
  readonly trace_url?: string;
  readonly body: string | null;
  readonly body_encoding: "utf8" | "base64" | null;
  readonly advice: readonly string[];
};
