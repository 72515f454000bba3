/** Directions of a packet, by the names in Layout.directions. */
type Direction = 'ingress' | 'egress' | 'forward';

const INGRESS = ['ingress'] as const;
const EGRESS = ['egress'] as const;
/** Where packets leave: the host's own, and those that pass through. */
const LEAVING = ['egress', 'forward'] as const;
const RECEIVED = ['ingress', 'forward'] as const;
const ALL = ['ingress', 'egress', 'forward'] as const;

/**
 * In which directions a reason of class `capacity` or `error` can occur, where it isn't `ingress` alone: that is where most packets
 * are examined. From the places in the kernel that give each reason, on 6.1 to 6.18.
 */
const DIRECTIONS: Readonly<Record<string, readonly Direction[]>> = {
  // Taps see what comes and what goes.
  PACKET_SOCK_ERROR: ALL,

  // Routing: a hop limit or an address is found wanting on the way through, too.
  IP_INHDR: RECEIVED,
  IP_INADDRERRORS: RECEIVED,
  PKT_TOO_BIG: ALL,
  IP_OUTNOROUTES: EGRESS,

  // Neighbours are looked for when a packet leaves.
  NEIGH_CREATEFAIL: LEAVING,
  NEIGH_FAILED: LEAVING,
  NEIGH_QUEUEFULL: LEAVING,
  NEIGH_DEAD: LEAVING,
  NEIGH_HH_FILLFAIL: LEAVING,

  // tc classifies in both directions. Queues are for what leaves; with an ifb device for what comes in as well.
  TC_COOKIE_ERROR: ALL,
  TC_CHAIN_NOTFOUND: ALL,
  TC_RECLASSIFY_LOOP: ALL,
  QDISC_DROP: ALL,
  QDISC_OVERLIMIT: ALL,
  QDISC_CONGESTED: ALL,
  CAKE_FLOOD: ALL,
  FQ_BAND_LIMIT: LEAVING,
  FQ_HORIZON_LIMIT: LEAVING,
  FQ_FLOW_LIMIT: LEAVING,
  DUALPI2_STEP_DROP: LEAVING,
  RECURSION_LIMIT: LEAVING,

  // Devices. A TUN or TAP device receives what a program writes, and its ring has what is to be read.
  FULL_RING: LEAVING,
  DEV_HDR: ALL,
  DEV_READY: ALL,
  NOMEM: ALL,
  HDR_TRUNC: ALL,
  SKB_CSUM: LEAVING,
  SKB_GSO_SEG: LEAVING,
  SKB_BAD_GSO: ALL,
  NO_TX_TARGET: ALL,
  TUNNEL_TXINFO: LEAVING,
  PSP_OUTPUT: EGRESS,

  // A bridge's packets come from a port, or from the host itself.
  OVS_DROP_EXPLICIT_WITH_ERROR: ['ingress', 'egress'],
  OVS_DROP_ACTION_ERROR: ['ingress', 'egress'],
  OVS_DROP_RECURSION_LIMIT: ['ingress', 'egress'],
  OVS_DROP_DEFERRED_LIMIT: ['ingress', 'egress'],
  OVS_DROP_FRAG_L2_TOO_LONG: ['ingress', 'egress'],
  OVS_DROP_FRAG_INVALID_PROTO: ['ingress', 'egress'],
  OVS_DROP_CONNTRACK: ['ingress', 'egress'],
  OVS_DROP_IP_TTL: ['ingress', 'egress'],
};

/** Where drops for this reason, of class `capacity` or `error`, can be expected. */
export function directionsOf(reason: string): readonly Direction[] {
  return DIRECTIONS[reason] ?? INGRESS;
}

/** Reasons that stand in the table, for its test. */
export const PLACED_REASONS: readonly string[] = Object.keys(DIRECTIONS);
