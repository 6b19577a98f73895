/**
 * How a sender writes a time: `s` and `ms` since 1970, digits only; `float` seconds that may have a fraction; `iso` ISO 8601
 * with a zone.
 */
export type TimestampUnit = keyof typeof timestampUnits;

interface TimestampForm {
  /** What it must be, for the sender of one that is not. */
  readonly form: string;
  read(value: string): Date | undefined;
  write(at: Date): string;
}

export const timestampUnits = {
  s: {
    form: "must be Unix seconds, digits only",
    read: (value) => numeric(value, /^\d{1,12}$/, 1000),
    write: (at) => String(Math.floor(at.getTime() / 1000)),
  },
  ms: {
    form: "must be Unix milliseconds, digits only",
    read: (value) => numeric(value, /^\d{1,15}$/, 1),
    write: (at) => String(at.getTime()),
  },
  float: {
    form: "must be Unix seconds, with or without a fraction",
    read: (value) => numeric(value, /^\d{1,12}(\.\d{1,9})?$/, 1000),
    write: (at) => String(at.getTime() / 1000),
  },
  iso: {
    form: "must be ISO 8601 with a time zone, like 2026-01-15T10:00:00Z",
    read: (value) =>
      valid(
        /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(value) ? new Date(value) : undefined,
      ),
    write: (at) => at.toISOString(),
  },
} as const satisfies Record<string, TimestampForm>;

/** The patterns bound the digits: 12 of seconds reach the year 33658, and few more what a Date holds. */
function numeric(value: string, pattern: RegExp, toMilliseconds: number): Date | undefined {
  return pattern.test(value) ? valid(new Date(Number(value) * toMilliseconds)) : undefined;
}

function valid(date: Date | undefined): Date | undefined {
  return date === undefined || Number.isNaN(date.getTime()) ? undefined : date;
}
