/** What an expression of PromQL names: enough of the language to hold alerts and dashboards against the metrics that there are. */

export interface Named {
  readonly metric: string;
  /** That its selector asks for. */
  readonly labels: readonly string[];
}

export interface Expression {
  readonly metrics: readonly Named[];
  /** That it groups, joins or joins on. */
  readonly grouped: readonly string[];
}

const words = new Set([
  "and",
  "or",
  "unless",
  "bool",
  "offset",
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
]);
const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g;
const selector = /([a-z_:][a-z0-9_:]*)\s*(\{[^}]*\})?(\s*\()?/gi;
const label = /([a-z_][a-z0-9_]*)\s*(?:=~|!~|!=|=)/gi;

export function readExpression(text: string): Expression {
  // What is quoted names nothing, and neither does a duration.
  const bare = text
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\[[^\]]*\]/g, "")
    .replaceAll(/\b\d+(?:\.\d+)?[smhdwy]?\b/g, "");
  const grouped = [...bare.matchAll(grouping)].flatMap(([, list = ""]) => list.split(",").map((each) => each.trim()));
  const metrics = [...bare.replaceAll(grouping, " ").matchAll(selector)].flatMap(
    ([, metric = "", labels = "", call]) => {
      if (call !== undefined || words.has(metric)) return [];
      return [{ metric, labels: [...labels.matchAll(label)].map(([, name = ""]) => name) }];
    },
  );
  return { metrics, grouped };
}
