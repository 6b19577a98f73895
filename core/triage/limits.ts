/** Payloads are an attacker's and playbooks grow: everything that could go on for ever is bounded here. */

export const largestPlaybook = 262_144;
/** Of a file, whatever the list is. */
export const longestList = 5_000;
/** That are told of one playbook. */
export const mostMistakes = 100;
export const mostSteps = 100;
export const deepestSteps = 6;
export const mostParallel = 10;
export const mostRules = 50;
export const longestExtends = 5;

/** Of one expression. */
export const mostNodes = 150;
export const deepestMacros = 2;
/** Characters that regular expressions may look at, times the size of each, in one evaluation. */
export const mostMatching = 10_000_000;
export const longestPattern = 500;
/** Of one evaluation that has a loop. */
export const longestLoopMs = 1_000;
/** One of what another made, and so on: each can make it twice as long. */
export const mostMapsInARow = 2;

/** Of values as conditions and templates see them; what is more is left out. */
export const mostItems = 200;
export const longestValue = 10_000;
export const deepestValue = 16;
export const mostValues = 20_000;
/** Of what a template makes. */
export const longestText = 20_000;
export const mostPlaceholders = 50;

export const longestTimeoutMs = 300_000;
export const defaultTimeoutMs = 30_000;
export const mostRetries = 10;
export const longestBackoffMs = 60_000;
/** Without the time that it waits for approval. */
export const longestRunMs = 900_000;

/** Of the incident's deliveries, the newest. */
export const mostPayloads = 5;
