import { isDeepStrictEqual } from "node:util";
import {
  type Credentials,
  type Plugin,
  type SignatureScheme,
  type SourceHandshake,
  webhookSignature,
} from "@thruway/sdk";
import { RateLimiterMemory } from "rate-limiter-flexible";
import { type Detail, Refusal } from "../errors.ts";
import type { DraftSettings } from "../incidents/draft.ts";
import { auto, type Plugins } from "../registry/plugins.ts";
import type { SourceRecord, SourceStore } from "../store/ports.ts";
import { check, inOneLine } from "../validate.ts";
import { maskOptions, openOptions, sealOptions } from "./options.ts";
import { activeSecrets, newSourceSchema, type Registration, sourcePatchSchema } from "./registration.ts";
import type { Sealer } from "./seal.ts";
import { secretProblems, warnings } from "./secrets.ts";

/** A source ready for deliveries: everything looked up, opened and compiled once. */
export interface Source {
  readonly name: string;
  /** `undefined` for `plugin: auto`: the payload decides. */
  readonly plugin: Plugin | undefined;
  readonly options: Readonly<Record<string, unknown>>;
  readonly scheme: SignatureScheme;
  readonly credentials: Credentials;
  readonly handshake: SourceHandshake;
  readonly toleranceSeconds: number | null;
  readonly processing: "immediate" | "queued";
  readonly limiter: RateLimiterMemory | undefined;
  readonly enabled: boolean;
  readonly drafts: Omit<DraftSettings, "plugin">;
  readonly view: SourceView;
}

/** A source as it is shown: no secret, only when each was set. */
export interface SourceView extends Omit<SourceRecord, "secrets"> {
  readonly secrets: readonly { readonly created_at: string }[];
  /** Where it is kept; one that comes from the file is changed there. */
  readonly origin: "api" | "file";
  /** How the sender must sign. */
  readonly signature: string;
  /** Why it takes nothing although it is enabled; absent where all is well. */
  readonly problem?: string;
}

export interface Registered {
  readonly view: SourceView;
  readonly warnings: readonly string[];
}

/** What a reload found to be different from what was known. */
export interface SourceChanges {
  readonly added: readonly SourceView[];
  readonly changed: readonly SourceView[];
  readonly removed: readonly string[];
  /** What is stored of these cannot be understood; what was known of them before stays in force. */
  readonly unreadable: readonly { readonly source: string; readonly error: unknown }[];
}

export interface SourcesDependencies {
  readonly store: SourceStore;
  readonly plugins: Plugins;
  readonly sealer: Sealer;
  readonly now: () => Date;
}

/** The registered senders. Looking one up is a look into memory: no delivery waits for the store here. */
export class Sources {
  readonly #store: SourceStore;
  readonly #plugins: Plugins;
  readonly #sealer: Sealer;
  readonly #now: () => Date;
  readonly #fromApi = new Map<string, Source>();
  /** What each of those was made of. */
  readonly #records = new Map<string, SourceRecord>();
  /** Counts what was changed here. */
  #edits = 0;
  #fromFile: ReadonlyMap<string, Source> = new Map();

  constructor({ store, plugins, sealer, now }: SourcesDependencies) {
    this.#store = store;
    this.#plugins = plugins;
    this.#sealer = sealer;
    this.#now = now;
  }

  /**
   * Reads the stored sources.
   *
   * @returns those that take nothing until they are mended
   * @throws {UserError} where a secret cannot be opened
   */
  async load(): Promise<readonly SourceView[]> {
    const { added, unreadable } = await this.reload();
    const [first] = unreadable;
    if (first !== undefined) throw first.error;
    return added.filter(({ problem }) => problem !== undefined);
  }

  /**
   * Takes over what is stored, whoever changed it. What did not change stays as it is, with the state of its rate limit, and
   * one record that cannot be understood keeps none of the others.
   */
  async reload(): Promise<SourceChanges> {
    for (;;) {
      const edits = this.#edits;
      const records = await this.#store.all();
      // What was changed here meanwhile may be missing in what was read.
      if (edits === this.#edits) return this.#takeOver(records);
    }
  }

  #takeOver(records: readonly SourceRecord[]): SourceChanges {
    const added: SourceView[] = [];
    const changed: SourceView[] = [];
    const unreadable: { source: string; error: unknown }[] = [];
    for (const record of records) {
      const known = this.#records.get(record.source);
      if (known !== undefined && isDeepStrictEqual(known, record)) continue;
      try {
        (known === undefined ? added : changed).push(this.#remember(record).view);
      } catch (error) {
        unreadable.push({ source: record.source, error });
      }
    }
    const stored = new Set(records.map(({ source }) => source));
    const removed = [...this.#records.keys()].filter((name) => !stored.has(name));
    for (const name of removed) this.#forget(name);
    return { added, changed, removed, unreadable };
  }

  /** Compiles what is known anew, with the plugins as they are now. Returns what `load` does. */
  recompile(): readonly SourceView[] {
    const all = [...this.#records.values()].map((record) => this.#remember(record).view);
    return all.filter(({ problem }) => problem !== undefined);
  }

  find(name: string): Source | undefined {
    return this.#fromFile.get(name) ?? this.#fromApi.get(name);
  }

  list(): readonly SourceView[] {
    const names = new Set([...this.#fromFile.keys(), ...this.#fromApi.keys()]);
    return [...names].toSorted().map((name) => this.get(name));
  }

  /** @throws {Refusal} unknown_source */
  get(name: string): SourceView {
    return this.#known(name).view;
  }

  /** @throws {Refusal} invalid_request with every problem, source_exists, source_read_only */
  async register(input: unknown): Promise<Registered> {
    const checked = check(newSourceSchema, input);
    if ("details" in checked) throw invalid(checked.details);
    const { secret: _, ...given } = checked.value;
    const registration = { ...given, secrets: activeSecrets(checked.value, []) };
    if (this.#fromFile.has(registration.source)) throw readOnly(registration.source);
    const record = this.#sealed(registration, this.#problems(registration), undefined, []);
    if (!(await this.#store.add(record))) {
      throw new Refusal("source_exists", { message: `Webhook source '${record.source}' is already registered` });
    }
    return { view: this.#edited(record).view, warnings: warnings(registration) };
  }

  /** Changes the fields that `input` names. @throws {Refusal} like `register`, and unknown_source */
  async update(name: string, input: unknown): Promise<Registered> {
    const known = this.#known(name);
    if (this.#fromFile.has(name)) throw readOnly(name);
    const checked = check(sourcePatchSchema, input);
    if ("details" in checked) throw invalid(checked.details);
    const { secret: _, secrets: __, add_secret: ___, ...patch } = checked.value;
    const registration: Registration = {
      ...registrationOf(known),
      ...patch,
      secrets: activeSecrets(checked.value, known.credentials.secrets),
    };
    const before = known.credentials.secrets.map((plain, index) => ({
      plain,
      created_at: known.view.secrets[index]?.created_at ?? known.view.created_at,
    }));
    const record = this.#sealed(registration, this.#problems(registration), known.view.created_at, before);
    if (!(await this.#store.replace(record))) throw unknown(name);
    return { view: this.#edited(record).view, warnings: warnings(registration) };
  }

  /** Deliveries and incidents stay. @throws {Refusal} unknown_source, source_read_only */
  async remove(name: string): Promise<void> {
    this.#known(name);
    if (this.#fromFile.has(name)) throw readOnly(name);
    if (!(await this.#store.remove(name))) throw unknown(name);
    this.#edits += 1;
    this.#forget(name);
  }

  /**
   * Takes over the sources of the configuration file; all of them or, where one is wrong, none.
   *
   * @param elsewhere what is wrong with the rest of the file
   * @returns every problem, with paths like `sources.edr.plugin`; none when they were taken over
   */
  takeFromFile(given: ReadonlyMap<string, unknown>, elsewhere: readonly Detail[] = []): readonly Detail[] {
    const problems = [...elsewhere];
    const taken = new Map<string, Source>();
    for (const [name, input] of given) {
      const checked = check(newSourceSchema, { ...(input as object), source: name });
      const found = "details" in checked ? checked.details : this.#fileProblems(checked.value, taken);
      problems.push(...found.map(({ path, message }) => ({ path: `sources.${name}${path && "."}${path}`, message })));
    }
    if (problems.length === 0) this.#fromFile = taken;
    return problems;
  }

  #fileProblems(given: Parameters<typeof activeSecrets>[0] & object, taken: Map<string, Source>): readonly Detail[] {
    const { secret: _, ...rest } = given as Registration & { readonly secret?: string };
    const registration: Registration = { ...rest, secrets: activeSecrets(given, []) };
    const problems = this.#problems(registration);
    if (problems.length > 0) return problems;
    const at = this.#now().toISOString();
    taken.set(
      registration.source,
      this.#compile(registration, { origin: "file", created: at, updated: at, secretTimes: [] }),
    );
    return [];
  }

  #known(name: string): Source {
    const source = this.find(name);
    if (source === undefined) throw unknown(name);
    return source;
  }

  /** What Joi cannot see: whether plugin, options and secrets go together. */
  #problems(registration: Registration): readonly Detail[] {
    const plugin = this.#plugins.get(registration.plugin);
    if (plugin === undefined && registration.plugin !== auto) {
      const names = [auto, ...this.#plugins.all.map(({ name }) => name)].join(", ");
      return [{ path: "plugin", message: `"${registration.plugin}" is not installed; installed are: ${names}` }];
    }
    if (plugin === undefined && Object.keys(registration.options).length > 0) {
      return [{ path: "options", message: "need a plugin; name one instead of auto" }];
    }
    const options = plugin === undefined ? { value: {} } : check(plugin.options, registration.options);
    if ("details" in options) {
      return options.details.map(({ path, message }) => ({ path: `options${path && "."}${path}`, message }));
    }
    return secretProblems(this.#scheme(plugin, options.value), registration);
  }

  #scheme(plugin: Plugin | undefined, options: unknown): SignatureScheme {
    return plugin === undefined ? webhookSignature() : plugin.signature(options);
  }

  #sealed(
    registration: Registration,
    problems: readonly Detail[],
    created: string | undefined,
    before: readonly { readonly plain: string; readonly created_at: string }[],
  ): SourceRecord {
    if (problems.length > 0) throw invalid(problems);
    const at = this.#now().toISOString();
    const { source } = registration;
    const schema = this.#plugins.get(registration.plugin)?.options;
    return {
      ...registration,
      options: schema === undefined ? {} : sealOptions(schema, registration.options, this.#sealer, source),
      secrets: registration.secrets.map((plain) => ({
        sealed: this.#sealer.seal(plain, source),
        created_at: before.find((each) => each.plain === plain)?.created_at ?? at,
      })),
      created_at: created ?? at,
      updated_at: at,
    };
  }

  #edited(record: SourceRecord): Source {
    this.#edits += 1;
    return this.#remember(record);
  }

  #forget(name: string): void {
    this.#fromApi.delete(name);
    this.#records.delete(name);
  }

  #remember(record: SourceRecord): Source {
    const schema = this.#plugins.get(record.plugin)?.options;
    const registration: Registration = {
      ...record,
      grouping: record.grouping ?? null,
      options: schema === undefined ? {} : openOptions(schema, record.options, this.#sealer, record.source),
      secrets: record.secrets.map(({ sealed }) => this.#sealer.open(sealed, record.source)),
    };
    const source = this.#compile(registration, {
      origin: "api",
      created: record.created_at,
      updated: record.updated_at,
      secretTimes: record.secrets.map(({ created_at }) => created_at),
    });
    this.#fromApi.set(source.name, source);
    this.#records.set(source.name, record);
    return source;
  }

  #compile(registration: Registration, kept: Kept): Source {
    const plugin = this.#plugins.get(registration.plugin);
    const schema = plugin?.options;
    const checked = schema === undefined ? { value: {} } : check(schema, registration.options);
    // Only a plugin that changed since the source was stored can say no here; such a source takes nothing until it is mended.
    const broken =
      plugin === undefined && registration.plugin !== auto
        ? `its plugin "${registration.plugin}" is not installed`
        : "details" in checked
          ? `its options are not valid any more: ${inOneLine(checked.details)}`
          : undefined;
    const options = "details" in checked ? {} : checked.value;
    const scheme = broken !== undefined ? webhookSignature() : this.#scheme(plugin, options);
    const { secrets, rate_limit: rate } = registration;
    return Object.freeze<Source>({
      name: registration.source,
      plugin,
      options,
      scheme,
      credentials: { secrets, allowUnsigned: options.allow_unsigned === true },
      handshake: broken !== undefined ? {} : (plugin?.handshake.of(options) ?? {}),
      toleranceSeconds: registration.tolerance_seconds,
      processing: registration.processing,
      limiter: rate === null ? undefined : new RateLimiterMemory({ points: rate.requests, duration: rate.per_seconds }),
      enabled: registration.enabled && broken === undefined,
      drafts: {
        source: registration.source,
        severityMapping: registration.severity_mapping,
        defaultSeverity: registration.default_severity,
        grouping: registration.grouping,
        ...(registration.auto_triage && { triage: { playbook: registration.playbook } }),
      },
      view: {
        ...registration,
        options: schema === undefined ? {} : maskOptions(schema, registration.options),
        secrets: secrets.map((_, index) => ({ created_at: kept.secretTimes[index] ?? kept.created })),
        origin: kept.origin,
        signature: scheme.summary,
        created_at: kept.created,
        updated_at: kept.updated,
        ...(broken !== undefined && { problem: broken }),
      },
    });
  }
}

interface Kept {
  readonly origin: "api" | "file";
  readonly created: string;
  readonly updated: string;
  readonly secretTimes: readonly string[];
}

function registrationOf({ view, options, credentials }: Source): Registration {
  const { origin: _, signature: __, created_at: ___, updated_at: ____, problem: _____, ...rest } = view;
  return { ...rest, grouping: rest.grouping ?? null, options, secrets: credentials.secrets };
}

function invalid(details: readonly Detail[]): Refusal {
  return new Refusal("invalid_request", { message: `The source is not valid: ${inOneLine(details)}`, details });
}

function unknown(name: string): Refusal {
  return new Refusal("unknown_source", { message: `Webhook source '${name}' is not registered` });
}

function readOnly(name: string): Refusal {
  return new Refusal("source_read_only", {
    message: `Webhook source '${name}' comes from the configuration file and is changed there`,
  });
}
