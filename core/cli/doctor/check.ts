import type { Settings } from "../../config/settings.ts";
import type { Plugins } from "../../registry/plugins.ts";
import type { Inspection } from "../../store/inspection.ts";
import type { Checks } from "../../store/ports.ts";

/** What a check found: one line, with what to do where something is not as it should be. */
export interface Verdict {
  readonly status: "ok" | "warning" | "failure";
  readonly message: string;
}

/** What the checks look at. Each is read once, by the first check that asks; every promise rejects where it cannot be read. */
export interface Patient {
  readonly env: NodeJS.ProcessEnv;
  readonly now: () => Date;
  readonly settings: () => Promise<Settings>;
  readonly plugins: () => Promise<Plugins>;
  readonly store: () => Promise<Inspection>;
  readonly gateway: () => Promise<Answering>;
}

/** What a gateway says of itself, as the API shows it. */
export interface GatewayView {
  readonly version: string;
  readonly node: string;
  readonly time: string;
  readonly uptime_seconds: number;
}

/** A gateway that answers. */
export interface Answering {
  readonly url: string;
  readonly view: GatewayView;
  readonly ready: { readonly status: string; readonly checks: Checks };
  /** When it was asked, and when its answer was there. */
  readonly asked: Date;
  readonly answered: Date;
}

export interface Check {
  readonly name: string;
  readonly run: (patient: Patient) => Promise<Verdict>;
}

export function ok(message: string): Verdict {
  return { status: "ok", message };
}

export function warning(message: string): Verdict {
  return { status: "warning", message };
}

export function failure(message: string): Verdict {
  return { status: "failure", message };
}

/** The gravest of several, with all that there is to say. */
export function worst(fine: string, failures: readonly string[], warnings: readonly string[]): Verdict {
  const said = [...failures, ...warnings].join("; ");
  const message = fine === "" || said === "" ? fine + said : `${fine}: ${said}`;
  return { status: failures.length > 0 ? "failure" : warnings.length > 0 ? "warning" : "ok", message };
}

/** The check cannot be made, since what it needs is not there; another one says why. */
export class NotReadable extends Error {
  override readonly name = "NotReadable";
}
