import { defineAction } from "@thruway/sdk";
import { type EntityType, entityTypes } from "@thruway/sdk/alert";
import joi from "joi";
import { durationMs } from "../../duration.ts";
import { durationSchema } from "../duration.ts";
import type { CoreContext } from "./action.ts";

const mostIncidents = 100;
const longestMs = 365 * 86_400_000;

interface Parameters {
  readonly type: EntityType;
  readonly value: string;
  readonly within: string;
}

export const lookupHistory = defineAction<Parameters, CoreContext>({
  name: "lookup_history",
  about: "Counts the other incidents that hold an entity, and how they were judged",
  parameters: joi.object<Parameters>({
    type: joi
      .string()
      .valid(...entityTypes)
      .required(),
    value: joi.string().required(),
    within: durationSchema(longestMs).default("30d"),
  }),
  output: {
    seen: "int",
    true_positives: "int",
    false_positives: "int",
    open: "int",
    last_verdict: "string",
    types: "list<string>",
    incidents: "list<string>",
  },
  async run({ type, value, within }, { ports, now, incidentId }) {
    const since = new Date(now.getTime() - (durationMs(within) ?? 0));
    const all = await ports.history.find({ type, value }, since, mostIncidents + 1);
    const others = all.filter(({ id }) => id !== incidentId).slice(0, mostIncidents);
    const judged = (...verdicts: readonly string[]): number =>
      others.filter(({ verdict }) => verdict !== null && verdicts.includes(verdict)).length;
    return {
      seen: others.length,
      true_positives: judged("true_positive", "likely_true_positive"),
      false_positives: judged("false_positive", "likely_false_positive"),
      open: others.filter(({ status }) => status !== "resolved" && status !== "closed").length,
      last_verdict: others.find(({ verdict }) => verdict !== null)?.verdict ?? undefined,
      types: [...new Set(others.map((other) => other.type))],
      incidents: others.map(({ number }) => number),
    };
  },
});
