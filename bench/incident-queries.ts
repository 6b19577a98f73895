/** What `incidents.ts` stores and asks for: what both know of the values. */
import { severities } from "@thruway/sdk";
import { statuses } from "../core/incidents/incident.ts";
import { type IncidentFacet, type IncidentFilter, type IncidentSort, incidentFacets } from "../core/store/ports.ts";

/** Numbers from 0 to below a bound, always the same (mulberry32). */
export function chances(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d_2b_79_f5) | 0;
    const once = Math.imul(state ^ (state >>> 15), state | 1);
    const twice = once ^ (once + Math.imul(once ^ (once >>> 7), once | 61));
    return Math.floor((((twice ^ (twice >>> 14)) >>> 0) / 4_294_967_296) * bound);
  };
}

/** The source that sends nothing any more. */
export const stopped = "source-12";
export const words = Array.from({ length: 4_000 }, (_, index) => `word${index.toString(36)}`);
export const types = ["phishing", "malware", "failed_login", "port_scan", "data_theft", "policy"];
export const newest = Date.UTC(2026, 0, 15);
export const everyMs = 5_000;

export type Asked = Partial<IncidentFilter> & { readonly sort?: IncidentSort; readonly after?: string };

/** @param stored how many incidents there are */
export function queries(stored: number): Readonly<Record<string, () => Asked>> {
  const chance = chances(2);
  const one = <T>(all: readonly T[]): T => all[chance(all.length)] as T;
  const day = (ago: number): string => new Date(newest - ago * 86_400_000).toISOString();
  /** Days, into the middle of what is stored. */
  const middle = Math.floor((stored * everyMs) / 86_400_000 / 2);
  /** Days, to near the oldest. */
  const oldest = middle * 2 - 1;
  const idOf = (ago: number): string => {
    const hex = Date.parse(day(ago)).toString(16).padStart(12, "0");
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
  };
  const source = (): string => `source-${chance(12)}`;
  const host = (): string => `host:ws-${chance(20_000)}`;
  const days = (field: "since" | "updated" | "occurred", ago: number, many: number): Asked =>
    field === "since"
      ? { since: day(ago + many), until: day(ago) }
      : { [`${field}_since`]: day(ago + many), [`${field}_until`]: day(ago) };
  const aDay = (field: Parameters<typeof days>[0], ago = middle): Asked => days(field, ago, 1);
  return {
    "no filter": () => ({}),
    "tests included": () => ({ includeTests: true }),
    "status=new": () => ({ status: ["new"] }),
    "status=closed": () => ({ status: ["closed"] }),
    "any status": () => ({ status: statuses }),
    "status=new,escalated severity=critical": () => ({ status: ["new", "escalated"], severity: ["critical"] }),
    "three severities": () => ({ severity: severities.slice(0, 3) }),
    "assignee=none": () => ({ assignee: "none" }),
    "verdict=none": () => ({ verdict: ["none"] }),
    "verdict=none assignee=none": () => ({ verdict: ["none"], assignee: "none" }),
    "a status and a verdict that never meet": () => ({ status: ["new"], verdict: ["true_positive"] }),
    "half of all and a verdict that never meet": () => ({ status: ["closed"], verdict: ["none"] }),
    "half of all and an assignee that never meet": () => ({ status: ["resolved"], assignee: `analyst-${chance(20)}` }),
    source: () => ({ source: source() }),
    "a source that has stopped": () => ({ source: stopped }),
    "a source that has stopped, type plugin": () => ({ source: stopped, type: one(types), plugin: "splunk" }),
    "plugin and type": () => ({ plugin: "splunk", type: one(types) }),
    assignee: () => ({ assignee: `analyst-${chance(20)}` }),
    tag: () => ({ tag: [`tag-${chance(50)}`] }),
    "tag status": () => ({ tag: [`tag-${chance(50)}`], status: ["closed"] }),
    "tag status that never meet": () => ({ tag: ["absent"], status: ["closed"] }),
    external_id: () => ({ external_id: `alert-${chance(stored)}` }),
    number: () => ({ number: `INC-2026-${String(chance(stored)).padStart(4, "0")}` }),
    "entity=host:…": () => ({ entity: [host()] }),
    "entity=host:… status=closed": () => ({ entity: [host()], status: ["closed"] }),
    "entity=… of any type": () => ({ entity: [`d${chance(50_000)}.example`] }),
    "two entities": () => ({ entity: [host(), `user:CORP\\user${chance(10_000)}`] }),
    "seven filters": () => ({
      status: ["closed"],
      severity: ["high"],
      verdict: ["false_positive"],
      source: source(),
      plugin: "generic",
      type: one(types),
      since: day(middle),
    }),
    "seven filters that never meet": () => ({
      status: ["closed", "resolved"],
      severity: ["medium", "low"],
      verdict: ["false_positive", "none"],
      source: source(),
      plugin: "generic",
      type: one(types),
      assignee: `analyst-${chance(20)}`,
    }),
    "a day of long ago": () => aDay("since"),
    "a day of long ago, status=new": () => ({ ...aDay("since"), status: ["new"] }),
    "until long ago, status=new": () => ({ until: day(oldest), status: ["new"] }),
    "until long ago, half of all and a verdict that never meet": () => ({
      until: day(2),
      status: ["closed"],
      verdict: ["none"],
    }),
    "since long ago, until long ago, seven filters": () => ({
      since: day(oldest),
      until: day(middle),
      status: ["closed"],
      severity: ["high"],
      verdict: ["false_positive"],
      source: source(),
      plugin: "generic",
      type: one(types),
    }),
    "updated in a day": () => ({ ...aDay("updated"), sort: "updated" }),
    "updated in a day, by age": () => aDay("updated"),
    "updated in a day, by age, source": () => ({ ...aDay("updated", oldest), source: source() }),
    "occurred in a day, by age, status=closed": () => ({ ...aDay("occurred", oldest), status: ["closed"] }),
    "occurred in a week, by age, status=closed": () => ({ ...days("occurred", oldest - 7, 7), status: ["closed"] }),
    "updated in a week, source type": () => ({ ...days("updated", middle, 7), source: source(), type: one(types) }),
    "occurred before all, status=closed": () => ({ occurred_until: day(oldest + 3), status: ["closed"] }),
    "updated in a day, by severity": () => ({ ...aDay("updated", oldest), sort: "severity" }),
    "a second page": () => ({ after: idOf(0.003) }),
    "a page of long ago": () => ({ after: idOf(middle) }),
    "a page of long ago, status=new": () => ({ after: idOf(oldest), status: ["new"] }),
    "a page of long ago, source type": () => ({ after: idOf(oldest), source: source(), type: one(types) }),
    "a page of long ago, tag": () => ({ after: idOf(oldest), tag: [`tag-${chance(50)}`] }),
    "sort=updated": () => ({ sort: "updated" }),
    "sort=updated status=new": () => ({ sort: "updated", status: ["new"] }),
    "sort=updated source type": () => ({ sort: "updated", source: source(), type: one(types) }),
    "sort=updated, a source that has stopped": () => ({ sort: "updated", source: stopped }),
    "sort=updated, a page of long ago, source": () => ({
      sort: "updated",
      source: source(),
      after: `${day(middle)} ${idOf(middle)}`,
    }),
    "sort=occurred tag": () => ({ sort: "occurred", tag: [`tag-${chance(50)}`] }),
    "sort=occurred half of all and a verdict that never meet": () => ({
      sort: "occurred",
      status: ["closed"],
      verdict: ["none"],
    }),
    "sort=severity": () => ({ sort: "severity" }),
    "sort=severity status=new": () => ({ sort: "severity", status: ["new"] }),
    "sort=severity severity=low,info": () => ({ sort: "severity", severity: ["low", "info"] }),
    "sort=severity severity=info source": () => ({ sort: "severity", severity: ["info"], source: source() }),
    "sort=severity source type": () => ({ sort: "severity", source: source(), type: one(types) }),
    "sort=severity, a source that has stopped": () => ({ sort: "severity", source: stopped }),
    "sort=severity verdict=none": () => ({ sort: "severity", verdict: ["none"] }),
    "sort=severity since long ago": () => ({ sort: "severity", ...aDay("since") }),
    "sort=severity, a month of long ago": () => ({ sort: "severity", ...days("since", 20, 30) }),
    "sort=updated, a month of long ago, status=new": () => ({
      sort: "updated",
      ...days("since", 20, 30),
      status: ["new"],
    }),
    "sort=severity, a page far behind, status=closed": () => ({
      sort: "severity",
      status: ["closed"],
      after: `low ${idOf(middle)}`,
    }),
    "search: one word": () => ({ search: one(words) }),
    "search: two words": () => ({ search: `${one(words)} ${one(words)}` }),
    "search: a word that all have": () => ({ search: "example" }),
    "search: two frequent words that never meet": () => ({ search: "phishing malware" }),
    "search: words that all have, two that never meet": () => ({ search: "example corp phishing malware" }),
    "search: a frequent word, a type that never meet": () => ({ search: "phishing", type: "malware" }),
    "search: a word, status=new": () => ({ search: one(words), status: ["new"] }),
    "search: a word, sort=severity": () => ({ search: one(words), sort: "severity" }),
    "search: a frequent word, sort=severity": () => ({ search: "phishing", sort: "severity" }),
    "search: a frequent word, sort=updated status=new": () => ({
      search: "phishing",
      sort: "updated",
      status: ["new"],
    }),
    "search: a frequent word, updated in a day": () => ({ search: "phishing", ...aDay("updated") }),
    "search: a frequent word, a page of long ago": () => ({ search: "phishing", after: idOf(oldest) }),
  };
}

export const counts: Readonly<Record<string, Partial<IncidentFilter> & { readonly facets: readonly IncidentFacet[] }>> =
  {
    "counts by every facet": { facets: incidentFacets },
    "counts by every facet, status=resolved": { facets: incidentFacets, status: ["resolved"] },
    "counts by every facet, a word": { facets: incidentFacets, search: "word1a" },
    "counts by status, of a source": { facets: ["status"], source: "source-1" },
    "counts by status, of two that never meet": { facets: ["status"], status: ["closed"], verdict: ["none"] },
  };
