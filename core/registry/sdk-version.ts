import { type Plugin, sdkVersion } from "@thruway/sdk";

/** A copy of the SDK that is older than this rule gives its plugins no version. */
type Made = Pick<Plugin, "name"> & { readonly sdk?: Partial<Plugin["sdk"]> };

/**
 * Why a plugin does not go with this core: it was made by an SDK of another line, or asks for a later one. Of one line are
 * versions with the same major number, and while that is 0, with the same minor one, as a caret has it in package.json.
 *
 * @param ours the version of the core's own SDK
 * @returns a sentence with both versions and the remedy; `undefined` where all is well
 */
export function sdkFault({ name, sdk }: Made, ours: string = sdkVersion): string | undefined {
  const { version = "unknown", asks } = sdk ?? {};
  const remedy = (wanted: string): string =>
    `; install a version of it that is made with SDK ${lineOf(ours)}, or a Thruway with SDK ${wanted}`;
  if (lineOf(version) !== lineOf(ours)) {
    return `the plugin "${name}" was made with SDK ${version}, and this Thruway has SDK ${ours}${remedy(lineOf(version))}`;
  }
  if (asks === undefined || reaches(ours, asks.slice(1))) return undefined;
  return `the plugin "${name}" asks for SDK ${asks}, and this Thruway has SDK ${ours}${remedy(asks)}`;
}

function reaches(version: string, least: string): boolean {
  if (lineOf(version) !== lineOf(least)) return false;
  const [given, needed] = [numbersOf(version), numbersOf(least)];
  const first = given.findIndex((number, index) => number !== needed[index]);
  return first < 0 || (given[first] ?? 0) > (needed[first] ?? 0);
}

/** `0.1` of 0.1.7, `2` of 2.3.4. */
function lineOf(version: string): string {
  const [major = 0, minor = 0] = numbersOf(version);
  if (Number.isNaN(major)) return version;
  return major > 0 ? String(major) : `0.${minor}`;
}

function numbersOf(version: string): readonly number[] {
  return version.split("-", 1).join("").split(".").map(Number);
}
