import { instant } from "@thruway/sdk";
import type { Fields } from "./evidence.ts";

const dayInMilliseconds = 86_400_000;

export interface Times {
  readonly occurred_at: string | undefined;
  readonly first_seen_at: string | undefined;
  readonly as_of: string | undefined;
}

/**
 * When a detection was last seen, when it began, and when Falcon came to say so. The start of a process comes last: a service
 * that is turned on today may have started weeks ago.
 */
export function timesOf(event: Fields, eventCreationTime: unknown, receivedAt: Date): Times {
  const first = (...times: readonly unknown[]): string | undefined => firstPlausible(receivedAt, ...times);
  const began = first(
    event.StartTimeEpoch,
    event.IncidentStartTime,
    event.StartTime,
    event.SignalStartTimestamp,
    event.SessionStartTimestamp,
  );
  const said = first(eventCreationTime);
  const seen =
    first(
      event.ContextTimeStamp,
      event.UTCTimestamp,
      event.EndTimeEpoch,
      event.IncidentEndTime,
      event.EndTime,
      event.SignalEndTimestamp,
      event.SessionEndTimestamp,
      event.EventTimestamp,
      event.EventCreatedTimestamp,
      event.MatchedTimestamp,
    ) ??
    began ??
    said ??
    first(event.ProcessStartTime);
  return {
    occurred_at: seen,
    first_seen_at: began !== undefined && seen !== undefined && began < seen ? began : undefined,
    as_of: said === seen ? undefined : said,
  };
}

/** A time to come is a number in a unit that it is not. */
export function firstPlausible(receivedAt: Date, ...times: readonly unknown[]): string | undefined {
  const latest = new Date(receivedAt.getTime() + dayInMilliseconds).toISOString();
  return times.map((time) => instant(time)).find((time) => time !== undefined && time <= latest);
}
