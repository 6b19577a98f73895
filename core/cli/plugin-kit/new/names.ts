import { humanise } from "@thruway/sdk/read";
import { UserError } from "../../../errors.ts";
import { auto } from "../../../registry/plugins.ts";

/** A plugin's name in the forms that its files need. */
export interface Names {
  /** `okta-system-log` */
  readonly name: string;
  /** `Okta system log`, or what was said. */
  readonly title: string;
  /** `Okta-System-Log`, as headers are written. */
  readonly header: string;
}

const form = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const longest = 40;
const longestTitle = 60;

/** @throws {UserError} for a name that no plugin may have, or a title that cannot stand in its files */
export function namesOf(name: string, said: string | undefined): Names {
  if (!form.test(name) || name.length > longest) {
    throw new UserError(
      `"${name}" is no name for a plugin: it takes lower-case letters, digits and single hyphens, a letter first, up to ${longest}`,
    );
  }
  if (name === auto) throw new UserError(`"${auto}" is no name for a plugin: it means any plugin`);
  const title = said ?? humanise(name) ?? name;
  if (!/^[\p{L}\p{N}][\p{L}\p{N} .&'()/+-]*$/u.test(title) || title.length > longestTitle) {
    throw new UserError(
      `"${title}" is no title: it takes letters, digits, spaces and . & ' ( ) / + -, up to ${longestTitle}`,
    );
  }
  const header = name.replaceAll(/(^|-)([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
  return { name, title, header };
}

/** A text of the template with the names of the plugin. */
export function rename(text: string, { name, title, header }: Names): string {
  return text
    .replaceAll("my-sender", () => name)
    .replaceAll("My-Sender", () => header)
    .replaceAll("My Sender", () => title);
}
