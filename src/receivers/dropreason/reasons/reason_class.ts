/** The values of the attribute `class`, with what each says. */
export const REASON_CLASSES = {
  policy: 'a rule said so',
  capacity: 'a queue, a buffer or a table was full',
  error: 'malformed, without a route, without a socket: something is wrong, here or at a peer',
  benign: 'normal housekeeping: duplicates, old acknowledgements, what is left as a socket closes',
  call: 'a failed call, not a packet',
  unclassified: 'nobody can tell from the name',
} as const;

export type ReasonClass = keyof typeof REASON_CLASSES;

/** Directions of a packet, by the names in Layout.directions; `unknown` is none that a reason can be expected in. */
export type Direction = 'ingress' | 'egress' | 'forward';
