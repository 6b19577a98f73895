import { firstText, type Mitre, snakeCase, text, texts } from "@thruway/sdk";

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

const techniqueForm = /^T\d{4}(\.\d{3})?$/;

export function techniquesOf(value: unknown): readonly Mitre[] {
  return [...new Set(texts(value))].map((name) => (techniqueForm.test(name) ? { id: name } : { technique: name }));
}
