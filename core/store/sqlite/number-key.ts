import { incidentNumber, parseIncidentNumber } from "../../incidents/number.ts";

/** A number as the table's own key: the year, then the sequence, so that it needs no index beside the rows. */
const sequences = 1_000_000_000_000;

export function numberKey(year: number, sequence: number): number {
  return year * sequences + sequence;
}

/** @param key as SQLite gives it */
export function numberOf(key: unknown): string {
  const number = Number(key);
  return incidentNumber(Math.floor(number / sequences), number % sequences);
}

/** `undefined` for what is no incident number. */
export function keyOf(value: string): number | undefined {
  const number = parseIncidentNumber(value);
  return number && numberKey(number.year, number.sequence);
}
