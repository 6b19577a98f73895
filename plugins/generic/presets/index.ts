import { cortex } from "./cortex.ts";
import { falco } from "./falco.ts";
import { pagerduty } from "./pagerduty.ts";
import type { Preset } from "./preset.ts";
import { sentinelone } from "./sentinelone.ts";
import { sentry } from "./sentry.ts";
import { wazuh } from "./wazuh.ts";

/** Each is a file beside this one, with samples in `samples/<name>/`. */
export const presets = { cortex, falco, pagerduty, sentinelone, sentry, wazuh } as const satisfies Record<
  string,
  Preset
>;

export type PresetName = keyof typeof presets;

export const presetNames = Object.keys(presets) as readonly PresetName[];
