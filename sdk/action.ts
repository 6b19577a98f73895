import joi from "joi";
import { PluginError } from "./errors.ts";

/** What a field of an action's output holds. `dyn` is anything: its fields are not known before a playbook runs. */
export const outputTypes = ["bool", "string", "int", "double", "list<string>", "dyn"] as const;
export type OutputType = (typeof outputTypes)[number];

/** The fields that an action gives; conditions of later steps are checked against them. */
export interface OutputShape {
  readonly [field: string]: OutputType | OutputShape;
}

/** What an action may know besides its parameters. */
export interface ActionContext {
  /** The incident as playbooks see it; what is not there is absent. */
  readonly incident: Readonly<Record<string, unknown>>;
  /** What its deliveries held, parsed; the newest first. */
  readonly payloads: readonly unknown[];
  readonly now: Date;
  /** Aborted when the step's time is up. */
  readonly signal: AbortSignal;
}

/** An action as its author writes it: the members stand in the order in which a step meets them. */
export interface ActionDefinition<Parameters, Context extends ActionContext = ActionContext> {
  /** What a step names it by: lower-case letters, digits and underscores. */
  readonly name: string;
  /** One line for people, about what it does. */
  readonly about: string;
  /** What a step may say under `parameters`; secrets are marked with `.meta({ sensitive: true })` and shown nowhere. */
  readonly parameters: joi.ObjectSchema<Parameters>;
  readonly output: OutputShape;
  /** Fields of the output that are shown nowhere. */
  readonly sensitive?: readonly string[];
  /**
   * Returns the output; a field that it leaves out is empty, zero or false. It changes nothing: it may run again after a crash.
   *
   * @throws with a sentence for the analyst; the step's `on_error` says what becomes of the run
   */
  readonly run: (
    parameters: Parameters,
    context: Context,
  ) => Readonly<Record<string, unknown>> | Promise<Readonly<Record<string, unknown>>>;
}

const brand = Symbol.for("thruway.action");

/** An action as the core sees it: checked and frozen. Made by `defineAction` only. */
export interface Action<Context extends ActionContext = ActionContext> extends ActionDefinition<unknown, Context> {
  readonly [brand]: true;
  readonly parameters: joi.ObjectSchema;
  readonly sensitive: readonly string[];
}

const shape: joi.Schema = joi
  .object()
  .pattern(/^[a-z][a-z0-9_]*$/, joi.alternatives(joi.string().valid(...outputTypes), joi.link("#shape")))
  .id("shape");

const definitionSchema = joi
  .object({
    name: joi
      .string()
      .pattern(/^[a-z][a-z0-9_]{0,49}$/, "lower-case letters, digits and underscores")
      .required(),
    about: joi.string().required(),
    parameters: joi.object().schema("object").required(),
    output: shape.required(),
    sensitive: joi.array().items(joi.string()),
    run: joi.function().required(),
  })
  .required()
  .label("definition");

/**
 * Makes an action of its definition; a plugin lists its own under `actions`.
 *
 * @throws {PluginError} that names every member that is missing or wrong
 */
export function defineAction<Parameters, Context extends ActionContext = ActionContext>(
  definition: ActionDefinition<Parameters, Context>,
): Action<Context> {
  const { error } = definitionSchema.validate(definition, { abortEarly: false, convert: false });
  if (error) throw new PluginError(error.details.map((detail) => detail.message).join("; "));
  const { sensitive = [] } = definition;
  // A step's parameters are checked by the action's own schema before it runs, so the erased type holds.
  return Object.freeze({ ...definition, sensitive, [brand]: true }) as unknown as Action<Context>;
}

export function isAction(value: unknown): value is Action {
  return typeof value === "object" && value !== null && brand in value;
}
