import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { Alert } from "@thruway/sdk";
import { mapSample, optionsFor, readSamples } from "@thruway/sdk/testing";
import { draftOf } from "../../core/incidents/draft.ts";
import { toEcs } from "../../core/incidents/export/ecs.ts";
import { ocsfClasses, toOcsf } from "../../core/incidents/export/ocsf.ts";
import { shownIncident } from "../../core/incidents/show.ts";
import { loadPlugins } from "../../core/registry/plugins.ts";
import { root } from "../support/markdown.ts";
import { assertValid } from "../support/schemas.ts";

const plugins = await loadPlugins(join(root, "plugins.json"));
const at = "2026-01-15T10:00:00.000Z";
const made = { id: "019bc101-6000-7000-8000-000000000000", at, receivedAt: at };

for (const plugin of plugins.all) {
  describe(`what ${plugin.name} makes of its samples is valid in every format:`, () => {
    const settings = { source: "sent", plugin: plugin.name, severityMapping: {}, defaultSeverity: "medium" as const };
    const samples = readSamples(join(root, "plugins", plugin.name, "samples"))
      .map((sample) => ({ name: sample.name, alerts: mapSample(plugin, sample.body, optionsFor(sample)) }))
      .filter((sample): sample is { readonly name: string; readonly alerts: readonly Alert[] } =>
        Array.isArray(sample.alerts),
      );
    assert.ok(samples.length > 0);
    for (const { name, alerts } of samples) {
      test(name, () => {
        for (const alert of alerts) {
          const kept = { number: "INC-2026-0001", deliveries: [made.id], version: 1, triage: null };
          const incident = shownIncident(draftOf(alert, settings, made), kept);
          for (const as of ocsfClasses) assertValid("ocsf", toOcsf(incident, as));
          assertValid("ecs", toEcs(incident));
        }
      });
    }
  });
}
