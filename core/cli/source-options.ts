import { type Command, Option } from "commander";
import type { SourceView } from "../sources/sources.ts";
import { type Cli, jsonFlag } from "./cli.ts";
import {
  collectOption,
  collectPair,
  type Options,
  parseBoolean,
  parseGrouping,
  parseRateLimit,
  parseWholeNumber,
} from "./values.ts";

/** A source as a change leaves it, with what the gateway thinks of it. */
export type ChangedSource = SourceView & { readonly warnings?: readonly string[] };

/** What `webhook add` and `webhook update` both take. A negated option (`--no-playbook`) gives `false`. */
export interface SourceOptions {
  readonly plugin?: string;
  readonly preset?: string;
  readonly secret?: string;
  readonly secretStdin?: boolean;
  readonly secretFile?: string;
  readonly autoTriage?: boolean;
  readonly playbook?: string | false;
  readonly defaultSeverity?: string;
  readonly severityMapping?: Readonly<Record<string, string>>;
  readonly option?: Options;
  readonly processing?: string;
  readonly toleranceSeconds?: number | false;
  readonly rateLimit?: { readonly requests: number; readonly per_seconds: number } | false;
  readonly grouping?: { readonly by: readonly string[]; readonly window: string } | false;
  readonly allowUnsigned?: boolean;
  readonly enabled?: boolean;
  readonly disabled?: boolean;
  readonly json?: boolean;
}

/** Adds `--secret`, `--secret-stdin` and `--secret-file`, or those of another name, of which only one may be said. */
export function addSecretOptions(
  command: Command,
  name: string,
  what: string,
  exclusive: readonly string[] = [name],
): void {
  const forms = exclusive.flatMap((each) => {
    const camel = each.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    return [camel, `${camel}Stdin`, `${camel}File`];
  });
  const own = (flags: string, about: string): Option => {
    const option = new Option(flags, about);
    return option.conflicts(forms.filter((form) => form !== option.attributeName()));
  };
  command
    .addOption(own(`--${name} <secret>`, `${what}; every user of this machine can read it in the list of processes`))
    .addOption(own(`--${name}-stdin`, `${what}, from standard input`))
    .addOption(own(`--${name}-file <path>`, `${what}, from a file`));
}

export function addSourceOptions(command: Command): Command {
  return command
    .option("--plugin <name>", 'what understands the sender; "auto" lets the payload decide')
    .option("--preset <name>", "the settings for a product without a plugin, and the plugin that has them")
    .option("--auto-triage [true|false]", "run the playbook on every incident", parseBoolean)
    .option("--playbook <name>", "the playbook that triages its incidents")
    .option("--default-severity <severity>", "where the sender gives none: critical, high, medium, low or info")
    .option(
      "--severity-mapping <theirs=ours>",
      "what a severity of the sender's means here; may be repeated",
      collectPair,
    )
    .option(
      "--option <name=value>",
      "an option of the plugin; dots nest, JSON is read as such; may be repeated",
      collectOption,
    )
    .option("--processing <when>", "immediate, or queued: answer first and make the incident later")
    .option("--tolerance-seconds <seconds>", "how old a signed timestamp may be", parseWholeNumber)
    .option("--rate-limit <requests/seconds>", "the most deliveries in so many seconds, like 100/60", parseRateLimit)
    .option("--grouping <fields/time>", "fold alerts that are the same, like type,entities.host/1h", parseGrouping)
    .option("--allow-unsigned", "take deliveries that nobody signed, from a sender that cannot sign")
    .addOption(new Option("--disabled", "take no deliveries").conflicts("enabled"))
    .option(...jsonFlag);
}

/** The fields of the API that were said; what was not said is left out. */
export function sourceFields(said: SourceOptions): Readonly<Record<string, unknown>> {
  const { option, preset, allowUnsigned, enabled, disabled } = said;
  const options = { ...option, ...(preset && { preset }), ...(allowUnsigned === true && { allow_unsigned: true }) };
  const fields = {
    plugin: said.plugin,
    auto_triage: said.autoTriage,
    playbook: orNull(said.playbook),
    default_severity: said.defaultSeverity,
    severity_mapping: said.severityMapping,
    options: Object.keys(options).length > 0 ? options : undefined,
    processing: said.processing,
    tolerance_seconds: orNull(said.toleranceSeconds),
    rate_limit: orNull(said.rateLimit),
    grouping: orNull(said.grouping),
    enabled: disabled === true ? false : enabled,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function orNull<T>(value: T | false): T | null {
  return value === false ? null : value;
}

/** Prints a source after a change: what the sender needs to know, and warnings on standard error. */
export function printChanged(
  changed: ChangedSource,
  done: string,
  url: string,
  { json }: SourceOptions,
  { out }: Cli,
): void {
  for (const warning of changed.warnings ?? []) out.warn(warning);
  if (json === true) {
    out.json(changed);
    return;
  }
  const { source, signature } = changed;
  out.line(`${out.paint("green", "✔")} Source ${source} ${done}`);
  out.fields([
    ["  it sends to", `${url}/api/webhooks/${source}`],
    ["  it signs with", signature],
    ["  try it", `tw-cli webhook test ${source}`],
  ]);
}
