import { type TimestampUnit, timestampUnits, type Verified, type WrittenTime } from "@thruway/sdk";
import { duration } from "../duration.ts";
import type { Finding } from "../store/ports.ts";

const hourMs = 3_600_000;
/** A clock that is set to the wrong zone is off by whole hours (or some quarters), and else right. */
const nearlyMs = 120_000;
const farthestZoneHours = 14;

/** What is wrong with the time of a delivery whose signature is right; `undefined` where nothing is. */
export function clockFinding({ timestamp }: Verified, receivedAt: Date, toleranceSeconds: number): Finding | undefined {
  if (timestamp === undefined) return undefined;
  const behindMs = receivedAt.getTime() - timestamp.getTime();
  const distance = duration(Math.abs(behindMs) / 1_000);
  if (Math.abs(behindMs) <= toleranceSeconds * 1_000) return undefined;
  const hours = Math.round(Math.abs(behindMs) / hourMs);
  const isZone = hours >= 1 && hours <= farthestZoneHours && Math.abs(Math.abs(behindMs) - hours * hourMs) <= nearlyMs;
  const zone = isZone ? `; that is nearly ${hours} h, so it may take local time for UTC` : "";
  if (behindMs > 0) {
    const message = `The signature is right, and its time lies ${distance} before the receipt: the sender's clock is behind${zone}, or it sends a request again that it signed back then. Set its clock, or let it sign every try anew`;
    return { code: isZone ? "time_zone" : "clock_behind", message };
  }
  const message = `The signature is right, and its time lies ${distance} after the receipt: the sender's clock is ahead${zone}. Set its clock`;
  return { code: isZone ? "time_zone" : "clock_ahead", message };
}

const words = {
  s: "in Unix seconds",
  ms: "in Unix milliseconds",
  float: "in Unix seconds with a fraction",
  iso: "as ISO 8601",
} as const satisfies Record<TimestampUnit, string>;

const dayMs = 86_400_000;

/** That a time is not written as it has to be, but in another way in which it would be about now. */
export function unitFinding({ value, unit }: WrittenTime, receivedAt: Date): readonly Finding[] {
  const isNow = (each: TimestampUnit): boolean => {
    const read = timestampUnits[each].read(value);
    return read !== undefined && Math.abs(receivedAt.getTime() - read.getTime()) < dayMs;
  };
  if (isNow(unit)) return [];
  const other = (["s", "ms", "float", "iso"] as const).find(isNow);
  if (other === undefined) return [];
  return [{ code: "time_unit", message: `The timestamp is ${words[other]}; it must be ${words[unit]}` }];
}
