import { firstText, number, type Severity, severityOf } from "@thruway/sdk";
import type { Fields } from "./evidence.ts";

/** Falcon counts severities from 1 to 5 or from 0 to 100, by the type of the event. Absent: nobody has published which. */
export type Scale = 5 | 100;

const steps = ["info", "low", "medium", "high", "critical"] as const satisfies readonly Severity[];

export interface Graded {
  readonly severity: Severity | undefined;
  readonly vendor_severity: string | undefined;
}

/** The name first, then a number by its scale; of a lead, which has neither, the score. What no scale is known of may be either. */
export function gradeOf({ SeverityName, Severity, RulePriority, Score }: Fields, scale?: Scale): Graded {
  const vendor_severity = firstText(SeverityName, Severity, RulePriority, Score);
  const named = severityOf(SeverityName) ?? severityOf(Severity) ?? severityOf(RulePriority);
  const value = number(Severity) ?? number(Score);
  if (named !== undefined || value === undefined) return { severity: named, vendor_severity };
  const isOfHundred = scale === 100 || (scale === undefined && value > 5);
  const step = isOfHundred ? Math.floor(value / 20) : Math.floor(value) - 1;
  return { severity: steps[Math.min(Math.max(step, 0), steps.length - 1)], vendor_severity };
}
