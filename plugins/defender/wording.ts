import {
  type AlertStatus,
  firstText,
  humanise,
  instant,
  link,
  type Mitre,
  snakeCase,
  statusOf,
  text,
  texts,
  type Verdict,
  verdictOf,
} from "@thruway/sdk";
import type { Fields, Options } from "./family.ts";

/**
 * The type of an alert: of Microsoft's words for one and the same thing (`Phish`, `HighConfPhish`, `PhishingEmail`) the
 * one that playbooks choose by, else the first word in snake_case.
 */
export function typeOf(...words: readonly unknown[]): string {
  const types = words.flatMap((word) => texts(word)).map(snakeCase);
  if (types.some((type) => type.includes("phish"))) return "phishing";
  if (types.some((type) => type.includes("malware"))) return "malware";
  return types.find((type) => type !== "") ?? "alert";
}

/** The description, and below it what else an analyst asks first, each where it is known. */
export function describe(description: unknown, facts: Readonly<Record<string, unknown>>): string | undefined {
  const found = [firstText(description)];
  for (const [name, value] of Object.entries(facts)) {
    const fact = texts(value, null).join(", ");
    if (fact !== "") found.push(`${name}: ${fact}`);
  }
  return text(found.filter((part) => part !== undefined).join("\n\n"));
}

/** `T1566.002`, or `Phishing (T1566)` as the rows of advanced hunting write it, or a name alone. */
const techniqueForm = /^(?:(?<name>.+) \()?(?<id>T\d{4}(?:\.\d{3})?)\)?$/;

export function techniquesOf(value: unknown): readonly Mitre[] {
  return [...new Set(texts(value))].map((word) => {
    const { id, name } = techniqueForm.exec(word)?.groups ?? {};
    if (id === undefined) return { technique: word };
    return name === undefined ? { id } : { id, technique: name };
  });
}

/** `InitialAccess` becomes `Initial Access`, as ATT&CK writes it. */
export function tacticsOf(value: unknown): readonly Mitre[] {
  return [...new Set(texts(value))].map((word) => ({ tactic: word.replaceAll(/(\p{Ll})(\p{Lu})/gu, "$1 $2") }));
}

/** What Microsoft's analysts or its automation decided. What is merged into another incident is done with here. */
export function decisionOf(
  status: unknown,
  classification: unknown,
): { readonly status: AlertStatus | undefined; readonly verdict: Verdict | undefined } {
  return { status: isMerged(status) ? "resolved" : statusOf(status), verdict: verdictOf(classification) };
}

/** Graph's incidents that were merged into another are `redirected`. */
export function isMerged(status: unknown): boolean {
  return text(status)?.toLowerCase() === "redirected";
}

/** Words that say something: for `describe`. */
export function stated(word: unknown): string | undefined {
  return /^unknown(FutureValue)?$/i.test(text(word) ?? "") ? undefined : humanise(word);
}

/** The latest of the times; a list counts as its items. */
export function latest(...times: readonly unknown[]): string | undefined {
  return times
    .flat()
    .map((time) => instant(time))
    .filter((time) => time !== undefined)
    .reduce<string | undefined>((last, time) => (last === undefined || time > last ? time : last), undefined);
}

const portal = "https://security.microsoft.com";

/** The page of an alert in the portal, for those that come without a link: it has the alert under the id of the APIs. */
export function portalLink(id: unknown, tenantId: unknown, { portal_url = portal }: Options): string | undefined {
  const alert = text(id);
  if (alert === undefined) return undefined;
  const tenant = text(tenantId);
  const page = `${portal_url.replace(/\/+$/, "")}/alerts/${encoded(alert)}`;
  return link(tenant === undefined ? page : `${page}?tid=${encoded(tenant)}`);
}

function encoded(value: string): string {
  return encodeURIComponent(value.toWellFormed());
}

/** The field by its name, or as Microsoft's SDK for Python spells it (`createdTimeUtc`, `created_time_utc`). */
export function either(fields: Fields, name: string): unknown {
  return fields[name] ?? fields[snakeCase(name)];
}
