import { inspect } from "node:util";
import type { Fetch } from "../fetch.ts";
import { parseJson } from "../json.ts";
import type { Plugin } from "../plugin.ts";
import type { SignatureScheme } from "../signature/scheme.ts";
import { capturing } from "./capture.ts";
import { mutants } from "./mutate.ts";
import { optionsFor, type Sample, type SampleOptions, sampleTime } from "./samples.ts";
import { countMarks, refusals, sensitivePaths, withMarks } from "./sensitive.ts";
import { delivered, flipped, throwAwaySecrets, weakened } from "./signing.ts";

const mutantsEach = 100;
const nothingFetched: Fetch = () => Promise.resolve({ ok: false });

/** Something that left the plugin: a text in an alert, an error's message, a line on standard output. */
interface Output {
  readonly where: string;
  readonly text: string;
}

/**
 * Runs everything that a plugin has with secrets that can be recognised, over its samples and over broken ones, and looks for
 * them in what comes out: alerts, event ids, replies, errors, and what is written to standard output and standard error.
 *
 * @returns the end of a sentence for each secret that got out: `the option "api_key" stands in an error that map threw`
 */
export async function leaksOf(
  plugin: Plugin,
  samples: readonly Sample[],
  given: SampleOptions,
): Promise<readonly string[]> {
  const schema = plugin.options;
  const description = schema.describe();
  const { options, marked } = withMarks(schema, given);
  // Presets may sign in other ways, and then their secrets are written in other ways.
  const own = new Set(samples.flatMap((sample) => secretsFor(plugin, optionsFor(sample, given))));
  const secrets = [
    ...marked.map(({ path, value }) => ({ what: `the option "${path.join(".")}"`, value: String(value) })),
    ...[...own].map((value) => ({ what: "the source's secret", value })),
  ];

  const outputs: Output[] = [];
  const run: Run = { plugin, options, watch: watching(outputs) };
  const { written } = await capturing(() => runAll(run, samples));
  outputs.push({ where: "is written to standard output or standard error", text: written });
  const found = secrets.flatMap(({ what, value }) =>
    outputs.filter(({ text }) => text.includes(value)).map(({ where }) => `${what} ${where}`),
  );
  const said = refusals(schema, options)
    .filter((each) => each.said.includes(String(each.value)))
    .map(
      ({ path }) => `the option "${path.join(".")}" stands in what its schema says of a value that it does not take`,
    );
  const lost = countMarks(description) - sensitivePaths(description).length;
  const marks =
    lost > 0 ? ["an option is marked sensitive inside a list, a pattern or alternatives, where nothing seals it"] : [];
  return [...new Set([...found, ...said, ...marks])];
}

function secretsFor(plugin: Plugin, options: SampleOptions): ReturnType<typeof throwAwaySecrets> {
  try {
    return throwAwaySecrets(plugin.signature(options));
  } catch {
    return throwAwaySecrets({ minimumSecretLength: 0 });
  }
}

interface Run {
  readonly plugin: Plugin;
  readonly options: SampleOptions;
  readonly watch: Watch;
}

/** Calls into a plugin, and keeps what it gives or throws. */
interface Watch {
  note(where: string, value: unknown): void;
  call<T>(member: string, run: () => T | Promise<T>): Promise<T | undefined>;
}

/** Whole texts, and errors with all that a log prints of them. */
const inspection = { depth: 20, maxStringLength: null, maxArrayLength: null } as const;

function watching(outputs: Output[]): Watch {
  const note = (where: string, value: unknown): void => {
    if (value !== undefined) outputs.push({ where, text: inspect(value, inspection) });
  };
  return {
    note,
    async call(member, run) {
      try {
        return await Promise.resolve(run());
      } catch (error) {
        note(`stands in an error that ${member} threw`, error);
        return undefined;
      }
    },
  };
}

async function runAll(run: Run, samples: readonly Sample[]): Promise<void> {
  const { plugin, options, watch } = run;
  for (const sample of samples) {
    const own = { ...run, options: optionsFor(sample, options) };
    const scheme = await watch.call("signature", () => plugin.signature(own.options));
    watch.note("stands in how its signature is described", scheme?.summary);
    if (scheme !== undefined) await deliver(own, scheme, sample);
    await map(own, sample);
  }
}

/** Signed, and with everything wrong about the signature that can be. */
async function deliver({ plugin, options, watch }: Run, scheme: SignatureScheme, sample: Sample): Promise<void> {
  const [secret, other] = secretsFor(plugin, options);
  const draft = { url: `/api/webhooks/${plugin.name}`, body: sample.body };
  const signed = await watch.call("sign", () => scheme.sign(draft, secret, sampleTime));
  if (signed === undefined) return;
  const good = delivered(draft, signed);
  const deliveries = [
    good,
    ...weakened(draft, signed).map(([, weak]) => delivered(draft, weak)),
    ...[...flipped(sample.body)].map(([, body]) => ({ ...good, body })),
  ];
  for (const delivery of deliveries) {
    for (const secrets of [[secret], [other]]) {
      const said = await watch.call("verify", () => scheme.verify(delivery, { secrets, allowUnsigned: false }));
      if (said?.verified === false) watch.note("stands in what a sender is told", said);
    }
    watch.note(
      "stands in the reply to a handshake",
      await watch.call("handshake", () => plugin.handshake(delivery, options)),
    );
    watch.note(
      "stands in the reply to a signed handshake",
      await watch.call("handshake", () => plugin.handshake.of(options).after?.(delivery, nothingFetched)),
    );
  }
}

/** As it is, and mutated: errors come of what is wrong. */
async function map({ plugin, options, watch }: Run, { name, body }: Sample): Promise<void> {
  const context = { source: plugin.name, options, receivedAt: sampleTime };
  const sample = parsed(body);
  if (sample === undefined) return;
  const strange = [...mutants(sample, 1, mutantsEach)].map((mutant) => parsed(mutant.body));
  for (const payload of [sample, ...strange]) {
    if (payload === undefined || plugin.payload.validate(payload, { convert: false }).error) continue;
    watch.note(
      `stands in the event id of ${name}`,
      await watch.call("eventId", () => plugin.eventId(payload, options)),
    );
    watch.note(`stands in what becomes of ${name}`, await watch.call("map", () => plugin.map(payload, context)));
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}
