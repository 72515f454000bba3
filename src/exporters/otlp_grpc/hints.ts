import { PUSH_HINTS, PUSH_IGNORED } from '../../otlp/hints.ts';

/** What the Collector's otlpexporter (configgrpc) has besides. */
export const HINTS: Readonly<Record<string, string>> = {
  ...PUSH_HINTS,
  user_agent: 'it is dropreason/VERSION; remove it',
};

export const IGNORED: Readonly<Record<string, string>> = {
  ...PUSH_IGNORED,
  wait_for_ready: 'a push that fails is tried again, see retry_on_failure',
};
