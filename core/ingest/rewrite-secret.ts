import type { Finding } from "../store/ports.ts";

/** How a secret gets to be another one on its way into a configuration. */
interface WrittenSecret extends Finding {
  /** The secret as the sender has it; `undefined` where that would be the same. */
  readonly change: (secret: string) => string | undefined;
}

export const writtenAs: readonly WrittenSecret[] = [
  {
    code: "secret_whitespace",
    message:
      "The signature matches without the white space around the secret that is registered here: register it again without (tw-cli webhook update --secret-file)",
    change: (secret) => otherThan(secret, secret.trim()),
  },
  {
    code: "secret_line_break",
    message:
      "The signature matches with a line break at the end of the secret: the sender reads it from a file or from `echo`. Let it remove the line break",
    change: (secret) => `${secret}\n`,
  },
  {
    code: "secret_quoted",
    message:
      "The signature matches with quotes around the secret: the sender takes them for a part of it. Remove them there",
    change: (secret) => `"${secret}"`,
  },
  {
    code: "secret_quoted",
    message:
      "The signature matches with quotes around the secret: the sender takes them for a part of it. Remove them there",
    change: (secret) => `'${secret}'`,
  },
  {
    code: "secret_unquoted",
    message:
      "The signature matches without the quotes around the secret that is registered here: register it again without (tw-cli webhook update --secret-file)",
    change: (secret) => /^(["'])(.+)\1$/.exec(secret)?.[2],
  },
];

function otherThan(secret: string, other: string): string | undefined {
  return other === secret || other === "" ? undefined : other;
}
