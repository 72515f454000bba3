import { isDeepStrictEqual } from 'node:util';
import { sharedSnmp, Told } from '../counters.ts';
import type { Caused, Scenario, Step } from '../scenario.ts';
import type { Shape, Testbed } from '../testbed.ts';
import { BOTH, nowhere } from './datagrams.ts';

/** The report of the traffic tool: how often a call or a step returned each errno. */
export type Returned = Readonly<Record<string, number>>;

/** A value for all testbeds, or a function of the testbed. */
export type ByBed<T> = T | ((bed: Testbed) => T);

export function at<T extends object>(bed: Testbed, value: ByBed<T>): T {
  return typeof value === 'function' ? value(bed) : value;
}

/** A value, or a function of the tool's report, if it depends on timing. */
type ByReturned<T> = T | ((bed: Testbed, got: Returned) => T);

export interface Call {
  readonly what: string;
  readonly shape?: Shape;
  readonly setup?: (bed: Testbed) => readonly Step[];
  /** The errno that must be counted, and how often. Without it, nothing may be counted. */
  readonly error?: string;
  readonly count: number;
  /** Errnos and counts, if there is more than one errno. */
  readonly errors?: ByReturned<Readonly<Record<string, number>>>;
  /** Those of them that only the return of the call reports; see Caused. */
  readonly onlyReturned?: ByReturned<Readonly<Record<string, number>>>;
  readonly beside?: readonly string[];
  readonly tools?: readonly string[];
  readonly whyNot?: Scenario['whyNot'];
  /** Whether the connection reached SYN_SENT and failed there, so that Tcp AttemptFails counts it. */
  readonly attempted?: true;
  /** The expected report of the tool. */
  readonly returned: ByReturned<Returned>;
  readonly run: (bed: Testbed, count: number) => Promise<Returned>;
  /** The addresses, if not the bed's source and target. */
  readonly addresses?: NonNullable<Scenario['addresses']>;
}

/** A port without a listener, and the port of the traffic tool's own listener. */
export const CLOSED_PORT = 9;
export const LISTENING = 7;

/** A neighbour that does not exist: packets to it arrive with a foreign hardware address, so nobody answers. */
export function silence(bed: Testbed): readonly Step[] {
  const neighbour = `ip neigh replace ${bed.target} lladdr 02:00:00:00:00:99 nud permanent dev eth0`;
  return [{ at: 'client', run: `${neighbour}; echo 1 > /proc/sys/net/ipv4/tcp_syn_retries` }]; // gives up after 3 s
}

export function onePort(): readonly Step[] {
  return [{ at: 'client', run: 'echo "20000 20000" > /proc/sys/net/ipv4/ip_local_port_range' }];
}

/** A socket with a route has both addresses. Without a route it has its peer's address only if the family stores it first. */
export const sent = ({ source, target }: Testbed) => [`${source} > ${target}`];
export const unsent = (bed: Testbed) => [bed.v6 ? ` > ${nowhere(bed)}` : ' > '];

export function callScenario(call: 'connect' | 'accept', spec: Call): Scenario {
  const { what, shape = 'solo', setup, error, count, beside, tools, whyNot, attempted, run, addresses = sent } = spec;
  const told = new Told();
  return {
    name: `${call}/${what}`,
    families: BOTH,
    shape,
    hook: call,
    at: 'client',
    reason: call === 'connect' ? 'TCP_CONNECT_BASIC' : 'TCP_ACCEPT_BASIC',
    direction: call === 'connect' ? 'egress' : 'ingress',
    ...(error === undefined ? {} : { error }),
    ...(beside === undefined ? {} : { beside }),
    ...(tools === undefined ? {} : { tools }),
    ...(setup === undefined ? {} : { setup }),
    ...(whyNot === undefined ? {} : { whyNot }),
    addresses: call === 'accept' ? (bed) => [` > ${bed.target}`] : addresses,
    counter: (bed) => (attempted ? sharedSnmp(bed, 'client', 'Tcp', 'AttemptFails') : told.counter),
    cause: async (bed): Promise<Caused> => {
      const got = await run(bed, count);
      const returned = typeof spec.returned === 'function' ? spec.returned(bed, got) : spec.returned;
      if (!isDeepStrictEqual(got, returned))
        throw new Error(`the calls returned ${JSON.stringify(got)}, not ${JSON.stringify(returned)}`);
      const errors = typeof spec.errors === 'function' ? spec.errors(bed, got) : spec.errors;
      const failed = Object.values(errors ?? (error === undefined ? {} : { [error]: count }));
      const drops = failed.reduce((sum, each) => sum + each, 0);
      told.drops += drops;
      const onlyReturned = typeof spec.onlyReturned === 'function' ? spec.onlyReturned(bed, got) : spec.onlyReturned;
      return {
        drops,
        bytes: undefined,
        ...(errors === undefined ? {} : { errors }),
        ...(onlyReturned === undefined ? {} : { onlyReturned }),
      };
    },
  };
}
