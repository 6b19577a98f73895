/** MongoDB's documents end at 16 MiB (https://www.mongodb.com/docs/manual/reference/limits/); this leaves room for what stands beside the bytes. */
export const largestMongoBody = 15 * 1_024 * 1_024;

/** Counts by facet look at so many incidents, the newest, so that they take no longer however many there are. */
export const mostCounted = 25_000;
