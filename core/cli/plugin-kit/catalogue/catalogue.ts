import { existsSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { UserError } from "../../../errors.ts";
import { type Installed, loadInstalled } from "../../../registry/plugins.ts";
import { type DescribedOption, describeOptions } from "./describe-options.ts";

/** What a plugin is for, for those who look for one. */
export interface CatalogueEntry {
  readonly name: string;
  readonly title: string;
  /** The first sentence of its README; its title where it has none. */
  readonly takes: string;
  /** Its README, where it has one. */
  readonly readme: string | null;
  /** How its senders prove themselves: one of these. */
  readonly signatures: readonly string[];
  readonly options: readonly DescribedOption[];
  /** What `options.preset` may be, with its name for people. */
  readonly presets: Readonly<Record<string, string>>;
}

/** @throws {UserError} as loading the plugins does */
export async function readCatalogue(pluginsFile: string): Promise<readonly CatalogueEntry[]> {
  return (await loadInstalled(pluginsFile)).map(entryOf);
}

function entryOf({ plugin, folder }: Installed): CatalogueEntry {
  const readme = join(folder, "README.md");
  const hasReadme = existsSync(readme);
  return {
    name: plugin.name,
    title: plugin.title,
    takes: (hasReadme ? firstSentence(readFileSync(readme, "utf8")) : undefined) ?? `Takes what ${plugin.title} sends.`,
    readme: hasReadme ? readme : null,
    signatures: plugin.signature({}).summary.split("; or "),
    options: describeOptions(plugin.options),
    presets: plugin.presets,
  };
}

/** Of the paragraph below the title, without its links: they start from another place. */
function firstSentence(readme: string): string | undefined {
  const [, paragraph] = /^#[^\n]*\n+([^#\n][\s\S]*?)(?:\n\s*\n|$)/.exec(readme) ?? [];
  const text = paragraph?.trim().replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  return text === undefined ? undefined : /^.*?\.(?=\s|$)/.exec(text.replaceAll(/\s+/g, " "))?.[0];
}

/** @param folder of the page that it stands on, from which links start */
export function catalogueMarkdown(entries: readonly CatalogueEntry[], folder: string): string {
  return entries.map((entry) => entryMarkdown(entry, folder)).join("\n");
}

function entryMarkdown(
  { name, title, takes, readme, signatures, options, presets }: CatalogueEntry,
  folder: string,
): string {
  const link = readme === null ? "" : ` See [its README](${relative(folder, readme).replaceAll("\\", "/")}).`;
  const [only] = signatures;
  const signed =
    signatures.length === 1
      ? [`Signed by \`${only}\`.`]
      : ["Signed by one of:", "", ...signatures.map((each) => `- \`${each}\``)];
  const settable = options.length === 0 ? ["No options."] : ["Options:", "", ...options.map(optionMarkdown)];
  const ready = Object.entries(presets).map(([preset, whom]) => `\`${preset}\` (${whom})`);
  const presetLines = ready.length === 0 ? [] : [`Presets: ${ready.join(", ")}.`, ""];
  return [`### ${name}`, "", `${title}. ${takes}${link}`, "", ...presetLines, ...signed, "", ...settable, ""].join(
    "\n",
  );
}

function optionMarkdown({ name, takes, required, sensitive }: DescribedOption): string {
  const notes = [required ? "required" : undefined, sensitive ? "sensitive" : undefined].filter(Boolean);
  return `- \`${name}\`: ${[takes, ...notes].join("; ")}`;
}

const begin = "<!-- The catalogue: written by npm run docs -->";
const end = "<!-- The end of the catalogue -->";

/**
 * A page with the catalogue between its two marks.
 *
 * @throws {UserError} for a page that does not have them
 */
export function withCatalogue(page: string, catalogue: string, file: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) {
    throw new UserError(
      `${file}: has no place for the catalogue; put these lines where it belongs: ${begin} and ${end}`,
    );
  }
  return `${page.slice(0, from)}${begin}\n\n${catalogue}\n${page.slice(to)}`;
}
