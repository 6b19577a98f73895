import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { webhookSignature } from "@thruway/sdk";
import type { Run, RunVerdict, TriageView } from "../../runs/run.ts";
import type { Api } from "../client.ts";
import type { Output } from "../output.ts";
import { type Format, printable } from "../text.ts";

/** A mail that Defender took for phishing, and one that a colleague reported by mistake. */
const mails = [
  {
    eventType: "PhishingEmail",
    id: "demo-phishing",
    severity: "high",
    category: "Phish",
    entityType: "Email",
    data: {
      sender: "phisher@malicious.example",
      subject: "Urgent Action Required",
      recipients: ["user@company.example"],
    },
  },
  {
    eventType: "PhishingEmail",
    id: "demo-lunch",
    severity: "low",
    category: "Phish",
    entityType: "Email",
    data: {
      sender: "canteen@company.example",
      subject: "Lunch menu of this week",
      recipients: ["user@company.example"],
      authenticationDetails: { SPF: "pass", DKIM: "pass", DMARC: "pass" },
    },
  },
] as const;

const patienceMs = 10_000;

/** A mail with what the playbook made of it. */
export interface TriagedMail {
  readonly incident_number: string;
  readonly subject: string;
  readonly verdict: RunVerdict | null;
}

/** Sends both to a source with auto-triage, and waits for their verdicts. */
export async function triageMails(api: Api, now: () => Date): Promise<readonly TriagedMail[]> {
  const source = "demo-mail";
  const secret = randomBytes(32).toString("hex");
  const registration = { source, secret, auto_triage: true, playbook: "phishing_triage" };
  await api.post("/api/webhooks", registration);
  const triaged: TriagedMail[] = [];
  for (const mail of mails) {
    const body = Buffer.from(JSON.stringify({ ...mail, creationTime: now().toISOString() }));
    const url = `/api/webhooks/${source}`;
    const { headers } = webhookSignature().sign({ url, body }, secret, now());
    const response = await fetch(`${api.url}${url}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    const { incident_number: number } = (await response.json()) as { readonly incident_number: string };
    const run = await ended(number, api);
    triaged.push({ incident_number: number, subject: mail.data.subject, verdict: run?.verdict ?? null });
  }
  return triaged;
}

async function ended(number: string, api: Api): Promise<Run | undefined> {
  for (const until = Date.now() + patienceMs; Date.now() < until; await pause(50)) {
    const { runs } = await api.get<TriageView>(`/api/incidents/${number}/triage`);
    const run = runs.find(({ ended_at: at }) => at !== null);
    if (run !== undefined) return run;
  }
  return undefined;
}

const formats: Readonly<Record<string, Format>> = { true_positive: "red", false_positive: "green" };

/** A line for each mail, and one for the reason. */
export function printTriaged(mails: readonly TriagedMail[], out: Output): void {
  for (const { incident_number: number, subject, verdict } of mails) {
    const word = verdict?.verdict ?? "not judged";
    out.line(`${out.paint("bold", number)}  ${out.paint(formats[word] ?? "yellow", word)}  ${printable(subject)}`);
    if (verdict !== null) out.line(`    ${printable(verdict.reason)}`);
  }
}
