import { isOneOf } from "../constant-time.ts";
import type { Delivery } from "../delivery.ts";
import { PluginError } from "../errors.ts";
import { parseJson } from "../json.ts";
import { type Credentials, type ImmediateScheme, provesSender, unverified, type Verification } from "./scheme.ts";

/** More items than a notification has; each is compared. */
const mostValues = 1_000;

/**
 * A secret that the sender repeats in the JSON of its body: `clientState` of Microsoft Graph, `value.*.clientState`. Every
 * value at the path must be the secret. It is stored with the body. It proves who sends, but neither what nor when.
 *
 * The body has to be parsed for it, before anybody is believed: bounded as every body is, and nothing else is made of it.
 *
 * @param options.path names joined by dots; `*` stands for every item of a list
 * @throws {PluginError} for a path that is none
 */
export function bodySecret({ path }: { readonly path: string }): ImmediateScheme {
  const steps = path.split(".");
  const last = steps.at(-1) ?? "";
  if (steps.some((step) => step === "") || last === "*") {
    throw new PluginError(`path: "${path}" must be names joined by dots, the last one the field's`);
  }
  const quoted = JSON.stringify(last);
  const at = `body.${path}`;

  function verify(delivery: Delivery, { secrets }: Credentials): Verification {
    const found = valuesIn(delivery.body, steps);
    if (found === undefined) return unverified("invalid_signature", "body", "must be JSON");
    if (found.length === 0) return unverified("invalid_signature", at, "is missing");
    if (found.length > mostValues) {
      return unverified("invalid_signature", at, `must not be there more than ${mostValues} times`);
    }
    let matches = true;
    for (const value of found) matches = typeof value === "string" && isOneOf(value, secrets) && matches;
    return matches ? provesSender("body-secret", delivery) : unverified("invalid_signature");
  }

  return {
    name: "body-secret",
    summary: `the secret in ${path} of the body`,
    needsSecret: true,
    acceptsUnsigned: false,
    provesBody: false,
    minimumSecretLength: 1,
    // Cheap, since every delivery is asked; what only looks like it is then refused.
    presents: ({ body }) => Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(quoted),
    verify,
    sign: ({ url }) => ({ url, headers: {} }),
    // The secret would stand in the body, which a test event has from its plugin.
    canSign: () => false,
    clues: { reads: [at] },
  };
}

/** Every value at the path; a list's item that lacks it counts as one that is not the secret. */
function valuesIn(body: Uint8Array, steps: readonly string[]): readonly unknown[] | undefined {
  let found: readonly unknown[];
  try {
    found = [parseJson(body)];
  } catch {
    return undefined;
  }
  for (const step of steps) {
    found = found.flatMap((value): readonly unknown[] => {
      if (step === "*") return Array.isArray(value) ? value : [undefined];
      const isObject = value !== null && typeof value === "object" && !Array.isArray(value);
      return isObject && Object.hasOwn(value, step)
        ? [(value as Readonly<Record<string, unknown>>)[step]]
        : [undefined];
    });
  }
  return found.every((value) => value === undefined) ? [] : found;
}
