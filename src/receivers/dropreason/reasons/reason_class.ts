/** The values of the attribute `class` and their meanings. */
export const REASON_CLASSES = {
  policy: 'dropped by a rule',
  capacity: 'a queue, a buffer or a table was full',
  error: 'malformed, without a route or without a socket: something is wrong, here or at a peer',
  benign: 'normal operation: duplicates, old acknowledgements, packets left in a closed socket',
  call: 'a failed call, not a packet',
  unclassified: 'the name does not determine a class',
} as const;

export type ReasonClass = keyof typeof REASON_CLASSES;

/** Directions of a packet, by the names in Layout.directions. `unknown` is left out: no reason is expected there. */
export type Direction = 'ingress' | 'egress' | 'forward';
