/**
 * When files with credentials are read again: at the first use after this time, and sooner where a peer refuses or shows others. Peers can
 * cause the latter at any rate.
 */
export const CREDENTIAL_TIMES = { everyMillis: 10_000, leastMillis: 1_000 } as const;
