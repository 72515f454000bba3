import { TLS_HINTS } from '../component/tls_settings.ts';

/** What the Collector's OTLP exporters have besides, whatever carries OTLP. */
export const PUSH_HINTS: Readonly<Record<string, string>> = {
  ...TLS_HINTS,
  middlewares: 'middlewares are not supported; remove it',
};

export const PUSH_IGNORED: Readonly<Record<string, string>> = {
  sending_queue:
    'the newest cumulative values include all older ones, and what is not acknowledged of deltas waits and grows: nothing is queued',
  read_buffer_size: 'Node.js sizes its buffers itself',
  write_buffer_size: 'Node.js sizes its buffers itself',
};
