/** The formats that a scrape is answered in. */
export type ScrapeFormat = 'prometheus' | 'openmetrics';

/** Their media types. */
export const CONTENT_TYPES: Readonly<Record<ScrapeFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

const OPENMETRICS = 'application/openmetrics-text';
const PLAIN = 'text/plain';
const PROTOBUF = 'application/vnd.google.protobuf';

/**
 * The format for an Accept header (RFC 9110, 12.5.1). OpenMetrics has an extra line per series with its start time. A Prometheus that isn't
 * configured to use these lines turns them into series, twice as many as before, and yet prefers OpenMetrics to the plain text. One that is
 * configured (`created-timestamp-zero-ingestion`) prefers protobuf to both. So a client that also accepts the plain text gets it, unless it
 * accepts protobuf too (docs/adr/0011).
 */
export function formatFor(accept = ''): ScrapeFormat {
  const taken = accept.split(',').flatMap(mediaType);
  if (!taken.includes(OPENMETRICS)) return 'prometheus';
  return taken.includes(PLAIN) && !taken.includes(PROTOBUF) ? 'prometheus' : 'openmetrics';
}

/** The media type of one entry; none if it is not acceptable, or of an unsupported version. */
function mediaType(entry: string): string[] {
  const [type = '', ...parameters] = entry
    .toLowerCase()
    .split(';')
    .map((part) => part.trim());
  const value = (name: string) =>
    parameters
      .find((parameter) => parameter.startsWith(`${name}=`))
      ?.slice(name.length + 1)
      .replaceAll('"', '');
  if (Number(value('q') ?? 1) === 0) return [];
  return type === OPENMETRICS && !(value('version') ?? '1.').startsWith('1.') ? [] : [type];
}
