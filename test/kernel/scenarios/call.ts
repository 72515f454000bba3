import { isDeepStrictEqual } from 'node:util';
import { sharedSnmp, Told } from '../counters.ts';
import type { Caused, Scenario, Step } from '../scenario.ts';
import type { Shape, Testbed } from '../testbed.ts';
import { BOTH, nowhere } from './datagrams.ts';

/** What the traffic tool reports: how often a call, or a step, was told which errno. */
export type Returned = Readonly<Record<string, number>>;

/** The same for every testbed, or not. */
export type ByBed<T> = T | ((bed: Testbed) => T);

export function at<T extends object>(bed: Testbed, value: ByBed<T>): T {
  return typeof value === 'function' ? value(bed) : value;
}

/** The same whatever the tool reports, or not: some is up to who comes first. */
type ByReturned<T> = T | ((bed: Testbed, got: Returned) => T);

export interface Call {
  readonly what: string;
  readonly shape?: Shape;
  readonly setup?: (bed: Testbed) => readonly Step[];
  /** The errno that has to be counted, and how often; without it, nothing at all may be. */
  readonly error?: string;
  readonly count: number;
  /** Both, where it is more than one errno. */
  readonly errors?: ByReturned<Readonly<Record<string, number>>>;
  /** Of these, those that the call's own return reports alone; see Caused. */
  readonly onlyReturned?: ByReturned<Readonly<Record<string, number>>>;
  readonly beside?: readonly string[];
  readonly tools?: readonly string[];
  readonly whyNot?: Scenario['whyNot'];
  /** Whether the connection came as far as SYN_SENT and failed there, so that Tcp AttemptFails has it. */
  readonly attempted?: true;
  /** What the tool has to report. */
  readonly returned: ByReturned<Returned>;
  readonly run: (bed: Testbed, count: number) => Promise<Returned>;
  /** Between whom, where it isn't the bed's source and target. */
  readonly addresses?: NonNullable<Scenario['addresses']>;
}

/** Where nobody listens, and where the traffic tool does itself. */
export const CLOSED_PORT = 9;
export const LISTENING = 7;

/** A neighbour that isn't there: what is sent to it arrives as somebody else's, so that nobody answers. */
export function silence(bed: Testbed): readonly Step[] {
  const neighbour = `ip neigh replace ${bed.target} lladdr 02:00:00:00:00:99 nud permanent dev eth0`;
  return [{ at: 'client', run: `${neighbour}; echo 1 > /proc/sys/net/ipv4/tcp_syn_retries` }]; // gives up after 3 s
}

export function onePort(): readonly Step[] {
  return [{ at: 'client', run: 'echo "20000 20000" > /proc/sys/net/ipv4/ip_local_port_range' }];
}

/** A socket that was given a route has both addresses; without one, that of its peer where the family writes it down first. */
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
