import { UserError } from "../errors.ts";
import type { TraceContext } from "../trace.ts";

/** Whether a trace is kept, decided when it begins. */
export type Sample = (traceId: string, parent: TraceContext | undefined) => boolean;

const roots = ["always_on", "always_off", "traceidratio"] as const;
const samplers = ["parentbased_traceidratio", "parentbased_always_on", "parentbased_always_off", ...roots] as const;

/**
 * Reads the standard's `OTEL_TRACES_SAMPLER` and `OTEL_TRACES_SAMPLER_ARG`. Unset, a trace goes on as it began, and of those that
 * begin here the given share is kept: all of them, where nothing is said.
 *
 * @throws {UserError} that names the variable, and what it may be
 */
export function readSampler(env: NodeJS.ProcessEnv): Sample {
  const name = env.OTEL_TRACES_SAMPLER?.trim() || samplers[0];
  if (!samplers.some((each) => each === name)) {
    throw new UserError(`OTEL_TRACES_SAMPLER must be one of ${samplers.join(", ")}`);
  }
  const root = name.replace("parentbased_", "");
  const share = root === "always_on" ? 1 : root === "always_off" ? 0 : readShare(env.OTEL_TRACES_SAMPLER_ARG);
  const begun = (traceId: string): boolean => partOf(traceId) >= 1 - share;
  if (root === name) return begun;
  return (traceId, parent) => parent?.sampled ?? begun(traceId);
}

function readShare(text: string | undefined): number {
  const share = text?.trim() ? Number(text) : 1;
  if (!(share >= 0 && share <= 1)) {
    throw new UserError("OTEL_TRACES_SAMPLER_ARG must be a share from 0 to 1, like 0.1 for every tenth trace");
  }
  return share;
}

/** 0 to 1, by the last 56 bits, which are random: so every process that sees a trace decides alike. */
function partOf(traceId: string): number {
  return Number.parseInt(traceId.slice(-14), 16) / 2 ** 56;
}
