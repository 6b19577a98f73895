/** `42 s`, `3 min 20 s`, `5 h 12 min`, `3 d 4 h`: the two largest parts. */
export function duration(seconds: number): string {
  const parts = [
    ["d", Math.floor(seconds / 86_400)],
    ["h", Math.floor(seconds / 3_600) % 24],
    ["min", Math.floor(seconds / 60) % 60],
    ["s", Math.floor(seconds) % 60],
  ] as const;
  const first = parts.findIndex(([, amount]) => amount > 0);
  if (first < 0) return "0 s";
  return parts
    .slice(first, first + 2)
    .filter(([, amount]) => amount > 0)
    .map(([unit, amount]) => `${amount} ${unit}`)
    .join(" ");
}

const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `500ms`, `5s`, `2m`, `1h`, `7d` in milliseconds; `undefined` for anything else. */
export function durationMs(text: string): number | undefined {
  const form = /^(\d{1,6})(ms|s|m|h|d)$/.exec(text);
  return form === null ? undefined : Number(form[1]) * units[form[2] as keyof typeof units];
}
