type Value = string | number | readonly string[] | undefined;

/**
 * A WHERE of the conditions that have a value: `["source = ?", x]`, or a column and a list of which one must match. A list of
 * several is kept away from the indexes (by the `+`): sorting what they find costs more than walking the ids in order.
 */
export function conditions(all: readonly (readonly [string, Value])[]): {
  readonly where: string;
  readonly values: readonly (string | number)[];
} {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  for (const [condition, value] of all) {
    if (value === undefined) continue;
    if (typeof value === "object") {
      parts.push(value.length === 1 ? `${condition} = ?` : `+${condition} IN (${value.map(() => "?").join(", ")})`);
      values.push(...value);
    } else {
      parts.push(condition);
      values.push(value);
    }
  }
  return { where: parts.length === 0 ? "" : `WHERE ${parts.join(" AND ")}`, values };
}
