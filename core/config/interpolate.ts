/** A `${…}` whose variable is not set, or that cannot be read. */
export class InterpolationError extends Error {
  override readonly name = "InterpolationError";
}

const reference = /\$\$|\$\{([^}]*)\}?/g;
/** A default holds no reference of its own: its end could not be told from the end of the whole. */
const form = /^([A-Za-z_][A-Za-z0-9_]*)(?::-((?:(?!\$\{).)*))?$/s;

/**
 * Replaces `${NAME}` and `${NAME:-default}` in a value; `$$` stands for a dollar sign. It works on values that are parsed
 * already, so that no secret can change the shape of the file that it is put into. A variable that is set but empty counts
 * as unset, as in a shell's `:-`.
 *
 * @throws {InterpolationError} that names the variable
 */
export function interpolate(value: string, env: Readonly<Record<string, string | undefined>>): string {
  return value.replaceAll(reference, (whole, inside: string | undefined) => {
    if (whole === "$$") return "$";
    const parts = whole.endsWith("}") ? form.exec(inside ?? "") : null;
    if (parts === null)
      throw new InterpolationError(
        `cannot read "${whole}"; write \${NAME}, \${NAME:-default}, or $$ for a dollar sign`,
      );
    const [, name = "", fallback] = parts;
    const found = env[name] || fallback;
    if (found === undefined) throw new InterpolationError(`the variable ${name} is not set`);
    return found;
  });
}
