import { parseJson } from "../json.ts";
import type { Plugin } from "../plugin.ts";
import { type Check, CheckFailure, named } from "./check.ts";
import { differences, firstDifference } from "./diff.ts";
import { leaksOf } from "./leaks.ts";
import { mutants } from "./mutate.ts";
import {
  alertsFile,
  isSilent,
  mapSample,
  optionsFor,
  plain,
  resultFault,
  type Sample,
  type SampleOptions,
  sampleTime,
} from "./samples.ts";
import { signatureChecks } from "./signature-checks.ts";
import { stumble } from "./survive.ts";

export interface CheckOptions {
  /** The options of the source; none where left out. */
  readonly options?: SampleOptions;
  /** Chooses the mutated payloads: the same seed gives the same ones. Default 1. */
  readonly seed?: number;
  /** How many mutated payloads of each sample. Default 500. */
  readonly mutations?: number;
}

/**
 * The checks that every plugin passes: its samples become their alerts, verify and are refused as they should be; its mapper
 * does the same thing twice, leaves its input alone and survives what no vendor sends; and nothing secret gets out.
 */
export function checks(
  plugin: Plugin,
  samples: readonly Sample[],
  { options = {}, seed = 1, mutations = 500 }: CheckOptions = {},
): readonly Check[] {
  // Each has its own: a plugin that changes them must not spoil them for the next.
  const own = (sample: Pick<Sample, "preset"> = {}): SampleOptions => structuredClone(optionsFor(sample, options));
  return [
    { name: "has at least one sample", run: () => hasSamples(samples) },
    { name: "its example becomes an alert", run: () => exampleBecomesAlert(plugin, own()) },
    { name: "an ignored event says why", run: () => ignoredSaysWhy(plugin, samples, own()) },
    {
      name: "no secret and no sensitive option reaches a log, an error or an alert",
      run: () => leaksNothing(plugin, samples, own()),
    },
    ...samples.flatMap((sample) => [
      {
        name: `${sample.name}: becomes the alerts beside it`,
        run: () => becomesItsAlerts(plugin, sample, own(sample)),
      },
      { name: `${sample.name}: is mapped the same way twice`, run: () => isMappedAlike(plugin, sample, own(sample)) },
      { name: `${sample.name}: is left as it was`, run: () => isLeftAlone(plugin, sample, own(sample)) },
      { name: `${sample.name}: fits the plugin`, run: () => fits(plugin, sample) },
      ...signatureChecks(plugin, sample, own(sample)),
      {
        name: `${sample.name}: survives ${mutations} mutated payloads (seed ${seed})`,
        run: () => survives(plugin, sample, { options: own(sample), seed, mutations }),
      },
    ]),
  ];
}

function hasSamples(samples: readonly Sample[]): void {
  if (samples.length > 0) return;
  throw new CheckFailure("There is no sample", {
    mend: "put a body that the sender sends into samples/, byte for byte, as <name>.json",
  });
}

function exampleBecomesAlert(plugin: Plugin, options: SampleOptions): void {
  const mend = "make example a payload that map makes an alert of: it is the test event of a source";
  const made = mapPlain(plugin, Buffer.from(JSON.stringify(plugin.example)), options, mend);
  if (Array.isArray(made) && made.length > 0) return;
  throw new CheckFailure("The example becomes no alert", { mend, details: differences(["an alert"], made) });
}

function ignoredSaysWhy(plugin: Plugin, samples: readonly Sample[], options: SampleOptions): void {
  for (const sample of samples) {
    const made = attempted(() => mapSample(plugin, sample.body, optionsFor(sample, options)));
    if (made === undefined || !isSilent(made)) continue;
    throw new CheckFailure(`${sample.name} is ignored, and nobody is told why`, {
      mend: 'return ignore("the reason") from map: the sender and the operator read it',
    });
  }
}

async function leaksNothing(plugin: Plugin, samples: readonly Sample[], options: SampleOptions): Promise<void> {
  const [first, ...others] = await leaksOf(plugin, samples, options);
  if (first === undefined) return;
  throw new CheckFailure(`Something secret gets out: ${first}`, {
    details: others,
    mend: "leave the value out: of alerts, of every error's message, of a pattern without a name, and of the console",
  });
}

function becomesItsAlerts(plugin: Plugin, sample: Sample, options: SampleOptions): void {
  const file = alertsFile(sample);
  const made = mapPlain(plugin, sample.body, options, "let the schema and the mapper take the sample");
  const fault = resultFault(made);
  if (fault !== undefined) {
    throw new CheckFailure(`What map makes of the sample ${fault}`, {
      details: differences(undefined, made),
      mend: "make alerts as the type Alert of the SDK has them",
    });
  }
  if (sample.expected === undefined) {
    throw new CheckFailure(`There is no ${file}; this is what map makes of the sample`, {
      details: differences(undefined, made),
      mend: `compare it with what the sender's own console shows, then write it into ${file} (tw-cli plugin check --update does)`,
    });
  }
  if (firstDifference(sample.expected, made) === undefined) return;
  throw new CheckFailure(`The sample becomes something else than ${file} says (-: expected, +: made)`, {
    details: differences(sample.expected, made),
    mend: `change map; or, where what it makes is right, write it into ${file} (tw-cli plugin check --update does)`,
  });
}

function isMappedAlike(plugin: Plugin, { body }: Sample, options: SampleOptions): void {
  const payload = payloadOf(body);
  const run = (): unknown => ({
    event_id: plugin.eventId(payload, options),
    result: plugin.map(payload, { source: plugin.name, options, receivedAt: sampleTime }),
  });
  const [first, second] = [plain(run()), plain(run())];
  if (firstDifference(first, second) === undefined) return;
  throw new CheckFailure("The same payload is mapped differently the second time (-: first, +: second)", {
    details: differences(first, second),
    mend: "keep nothing between calls, and read no clock and no random number: context.receivedAt is the time",
  });
}

function isLeftAlone(plugin: Plugin, { body }: Sample, options: SampleOptions): void {
  const payload = payloadOf(body);
  const context = { source: plugin.name, options: structuredClone(options), receivedAt: sampleTime };
  plugin.fits(payload);
  plugin.eventId(payload, context.options);
  plugin.map(payload, context);
  const before = { payload: payloadOf(body), options };
  const after = { payload, options: context.options };
  const path = firstDifference(before, after);
  if (path === undefined) return;
  throw new CheckFailure(`The plugin changes its input, at ${path}`, {
    details: differences(before, after),
    mend: "copy before changing: [...list].sort() or list.toSorted(), { ...object, field }",
  });
}

function fits(plugin: Plugin, { body }: Sample): void {
  const fit = plugin.fits(payloadOf(body));
  if (fit > 0 && fit <= 1) return;
  throw new CheckFailure(`fits gives ${fit} for the sample`, {
    mend: "give more than 0, up to 1, for what the plugin takes: it decides for sources with plugin: auto",
  });
}

function survives(plugin: Plugin, sample: Sample, { options, seed, mutations }: Required<CheckOptions>): void {
  let count = 0;
  for (const { body, changes } of mutants(payloadOf(sample.body), seed, mutations)) {
    count += 1;
    const fault = stumble(plugin, body, options);
    if (fault === undefined) continue;
    throw new CheckFailure(
      `The plugin stumbles over mutated payload ${count} of ${mutations} (seed ${seed}): ${fault.wrong}`,
      {
        details: changes,
        mend: "read fields with the SDK's readers, which take anything; ask for more in payload; or throw a PayloadError",
        cause: fault.cause,
      },
    );
  }
}

function payloadOf(body: Uint8Array): unknown {
  try {
    return parseJson(body);
  } catch (cause) {
    throw new CheckFailure(`The sample is not JSON as Thruway takes it: ${named(cause)}`, {
      mend: "put the body into the file as the sender sends it, and nothing else",
      cause,
    });
  }
}

/** What is made of a body; what is thrown instead is a failure. */
function mapPlain(plugin: Plugin, body: Uint8Array, options: SampleOptions, mend: string): unknown {
  try {
    return plain(mapSample(plugin, body, options));
  } catch (cause) {
    throw new CheckFailure(`It is refused: ${named(cause)}`, { mend, cause });
  }
}

/** What fails here fails a check that is about it. */
function attempted<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
