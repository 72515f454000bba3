import type { Scenario } from '../scenario.ts';
import { arpScenarios } from './arp.ts';
import { bridgePortScenarios } from './bridge_ports.ts';
import { callScenarios } from './calls.ts';
import { conntrackScenarios } from './conntrack.ts';
import { deviceScenarios } from './devices.ts';
import { floodScenarios } from './flood.ts';
import { iptablesScenarios } from './iptables.ts';
import { largeScenarios } from './large.ts';
import { natScenarios } from './nat.ts';
import { nftablesScenarios } from './nftables.ts';
import { notPacketScenarios } from './not_packets.ts';
import { routingScenarios } from './routing.ts';
import { shapingScenarios } from './shaping.ts';
import { socketScenarios } from './sockets.ts';
import { stackedScenarios } from './stacked.ts';
import { tunScenarios } from './tun.ts';
import { uncountedScenarios } from './uncounted.ts';
import { withoutReasonScenarios } from './without_reason.ts';
import { xdpScenarios } from './xdp.ts';

/** All scenarios, in the order of a packet's path through the kernel. */
export const scenarios: readonly Scenario[] = [
  ...xdpScenarios,
  ...deviceScenarios,
  ...tunScenarios,
  ...stackedScenarios,
  ...shapingScenarios,
  ...bridgePortScenarios,
  ...nftablesScenarios,
  ...arpScenarios,
  ...iptablesScenarios,
  ...natScenarios,
  ...conntrackScenarios,
  ...routingScenarios,
  ...socketScenarios,
  ...withoutReasonScenarios,
  ...largeScenarios,
  ...callScenarios,
  ...notPacketScenarios,
  ...uncountedScenarios,
  ...floodScenarios,
];

/** Scenarios of TCP calls. They wait for kernel timers. */
export { callScenarios };

/** All other scenarios. */
export const packetScenarios = scenarios.filter((scenario) => !callScenarios.includes(scenario));
