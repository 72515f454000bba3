/** The formats that a scrape is answered in. */
export type ScrapeFormat = 'prometheus' | 'openmetrics';

/** Their media types. */
export const CONTENT_TYPES: Readonly<Record<ScrapeFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};
