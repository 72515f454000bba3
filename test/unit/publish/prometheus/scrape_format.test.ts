import { describe, expect, test } from 'vitest';
import { formatFor } from '../../../../src/publish/prometheus/scrape_format.ts';

/** What Prometheus sends: 2.42, 3, and 3 with created-timestamp-zero-ingestion. */
const OLD =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';
const NEW =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1';
const CREATED = `application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,${NEW}`;

describe('the format of a scrape', () => {
  test.each([
    ['a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 'prometheus'],
    ['nobody in particular', undefined, 'prometheus'],
    ['curl', '*/*', 'prometheus'],
    ['a Prometheus 2', OLD, 'prometheus'],
    ['a Prometheus 3', NEW, 'prometheus'],
    ['a Prometheus that wants to know when series began', CREATED, 'openmetrics'],
    ['scrape_protocols: [OpenMetricsText1.0.0]', 'application/openmetrics-text;version=1.0.0;q=0.6,*/*;q=0.5', 'openmetrics'],
    ['somebody who asks for it', 'Application/OpenMetrics-Text', 'openmetrics'],
    ['somebody who asks for it in quotes', 'application/openmetrics-text; version="1.0.0"; charset=utf-8', 'openmetrics'],
    ['somebody who takes anything but that', 'application/openmetrics-text;q=0, */*', 'prometheus'],
    ['somebody who takes an older version', 'application/openmetrics-text;version=0.0.1', 'prometheus'],
    ['somebody who takes no plain text', 'application/openmetrics-text, text/plain;q=0.0', 'openmetrics'],
  ] as const)('for %s', (_, accept, format) => {
    expect(formatFor(accept)).toBe(format);
  });
});
