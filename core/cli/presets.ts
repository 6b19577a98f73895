import { UserError } from "../errors.ts";
import type { Api } from "./client.ts";
import type { List } from "./list.ts";

/** A plugin as `/api/plugins` lists it. */
export interface ListedPlugin {
  readonly name: string;
  readonly title: string;
  readonly signature: string;
  readonly options: readonly string[];
  readonly presets: readonly ListedPreset[];
}

export interface ListedPreset {
  readonly name: string;
  readonly title: string;
  readonly signature: string;
}

/**
 * Adds the plugin that a preset is of, since whoever names a preset has said enough.
 *
 * @throws {UserError} that names the presets there are
 */
export async function withPlugin<Said extends { readonly plugin?: string; readonly preset?: string }>(
  said: Said,
  api: Api,
): Promise<Said> {
  const { plugin, preset } = said;
  if (preset === undefined || plugin !== undefined) return said;
  const { data } = await api.get<List<ListedPlugin>>("/api/plugins");
  const found = data.find(({ presets }) => presets.some(({ name }) => name === preset));
  if (found !== undefined) return { ...said, plugin: found.name };
  const names = data.flatMap(({ presets }) => presets.map(({ name }) => name));
  throw new UserError(
    names.length === 0
      ? `There is no preset "${preset}": no installed plugin has any`
      : `There is no preset "${preset}"; there are: ${names.join(", ")}`,
  );
}
