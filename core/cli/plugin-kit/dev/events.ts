import type { Detail } from "../../../errors.ts";
import type { StageTime } from "../../../store/ports.ts";
import type { Told } from "./retell.ts";

/** One delivery, from its first stage to what became of it. */
export interface Journey {
  readonly id: string;
  readonly received_at: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly reason: string | null;
  readonly details: readonly Detail[];
  readonly stages: readonly StageTime[];
  /** Numbers. */
  readonly incidents: readonly string[];
  /** Absent where its bytes are not kept. */
  readonly told?: Told;
}

/** What there is to tell while a plugin is developed. `--json` prints them as they are, one a line. */
export type DevEvent =
  | {
      readonly event: "listening";
      readonly url: string;
      readonly plugin: string;
      readonly source: string;
      /** One that was made up for this; `null` for one that was given. */
      readonly secret: string | null;
      readonly script: string;
    }
  | { readonly event: "delivery"; readonly delivery: Journey }
  | { readonly event: "sent"; readonly samples: number }
  | { readonly event: "not_sent"; readonly message: string }
  | { readonly event: "reloaded"; readonly plugin: string; readonly problem?: string }
  /** The change did not load: the plugin is still the one before it. */
  | { readonly event: "not_reloaded"; readonly message: string };

export type Tell = (event: DevEvent) => void;
