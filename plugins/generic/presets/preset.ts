import type { FieldMapOptions } from "../field-map/index.ts";
import type { SignatureOptions } from "../signature.ts";

/** The options of a source for a product that needs no plugin: what `--preset` chooses. */
export interface Preset {
  /** For people: `PagerDuty`. */
  readonly title: string;
  readonly signature: SignatureOptions;
  readonly map: FieldMapOptions;
}
