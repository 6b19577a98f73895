/**
 * How a shell computes what a scheme adds to a request. A scheme is a function and says nothing of how it works, so this tries
 * the common ways of HMAC on what it makes, and believes one that is right a second time.
 */
import { createHmac } from "node:crypto";
import type { SignatureScheme } from "@thruway/sdk";

export interface Recipe {
  readonly algorithm: (typeof algorithms)[number];
  readonly encoding: (typeof encodings)[number];
  /** What is signed, with `{timestamp}` and `{body}` in it; absent where nothing is, as with a token. */
  readonly signs: string | undefined;
  readonly unit: keyof typeof units | undefined;
  /** With `{signature}`, `{timestamp}` and `{secret}` in them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Path and query, with `{secret}`. */
  readonly url: string;
}

const algorithms = ["sha256", "sha1", "sha512"] as const;
const encodings = ["hex", "base64"] as const;
const separators = [".", ":", "", ",", "|", "-", "\n"] as const;
const prefixes = ["", "v0:", "v1:"] as const;

/** How a header writes a time. Milliseconds begin with the seconds, so that the longer form goes first. */
const units = {
  ms: (at: Date) => String(at.getTime()),
  iso: (at: Date) => at.toISOString(),
  s: (at: Date) => String(Math.floor(at.getTime() / 1000)),
} as const satisfies Record<string, (at: Date) => string>;

interface Probe {
  readonly body: string;
  readonly secret: string;
  readonly at: Date;
}

const first: Probe = {
  body: '{"probe":1}',
  secret: "throw-away-secret-of-the-first-probe-0123",
  at: new Date(1_768_471_200_123),
};
const second: Probe = {
  body: '{"probe":22}',
  secret: "throw-away-secret-of-another-probe-98765",
  at: new Date(1_768_557_723_457),
};

/** @returns `undefined` for a scheme that signs in another way than the common ones */
export function recipeOf(scheme: SignatureScheme, url: string): Recipe | undefined {
  const made = signed(scheme, url, first);
  for (const candidate of candidates(made)) {
    const recipe = generalised(made, candidate);
    if (isSame(filled(recipe, first), made) && isSame(filled(recipe, second), signed(scheme, url, second)))
      return recipe;
  }
  return undefined;
}

type Way = Pick<Recipe, "algorithm" | "encoding" | "signs" | "unit">;
type Made = Pick<Recipe, "url" | "headers">;

function signed(scheme: SignatureScheme, url: string, { body, secret, at }: Probe): Made {
  return scheme.sign({ url, body: Buffer.from(body) }, secret, at);
}

/** A token, which signs nothing, before every way of signing that has what it needs. */
function* candidates(made: Made): Generator<Way> {
  yield { algorithm: "sha256", encoding: "hex", signs: undefined, unit: undefined };
  for (const unit of unitsIn(made)) {
    for (const signs of unit === undefined ? ["{body}"] : timedTemplates()) {
      for (const algorithm of algorithms) for (const encoding of encodings) yield { algorithm, encoding, signs, unit };
    }
  }
}

function unitsIn({ headers }: Made): readonly Way["unit"][] {
  const names = Object.keys(units) as readonly (keyof typeof units)[];
  const written = Object.values(headers);
  return [...names.filter((unit) => written.some((value) => value.includes(units[unit](first.at)))), undefined];
}

function* timedTemplates(): Generator<string> {
  for (const prefix of prefixes) {
    for (const separator of separators) {
      yield `${prefix}{timestamp}${separator}{body}`;
      yield `${prefix}{body}${separator}{timestamp}`;
    }
  }
}

/** What was made, with placeholders where the signature, the time and the secret stand. */
function generalised({ url, headers }: Made, way: Way): Recipe {
  const values = valuesOf(way, first);
  const general = (text: string): string =>
    Object.entries(values).reduce((left, [name, value]) => left.replaceAll(value, `{${name}}`), text);
  return {
    ...way,
    url: url.replaceAll(encodeURIComponent(first.secret), "{secret}"),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, general(value)])),
  };
}

function filled(recipe: Recipe, probe: Probe): Made {
  const values = valuesOf(recipe, probe);
  const fill = (text: string): string =>
    text.replaceAll(/\{(signature|timestamp|secret)\}/g, (whole, name: string) => values[name] ?? whole);
  return {
    url: fill(recipe.url),
    headers: Object.fromEntries(Object.entries(recipe.headers).map(([name, value]) => [name, fill(value)])),
  };
}

function valuesOf(
  { algorithm, encoding, signs, unit }: Way,
  { body, secret, at }: Probe,
): Readonly<Record<string, string>> {
  const timestamp = unit === undefined ? undefined : units[unit](at);
  const text = signs?.replace("{timestamp}", () => timestamp ?? "").replace("{body}", () => body);
  return {
    ...(text !== undefined && { signature: createHmac(algorithm, secret).update(text).digest(encoding) }),
    ...(timestamp !== undefined && { timestamp }),
    secret,
  };
}

function isSame(one: Made, other: Made): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
