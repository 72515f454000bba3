import { at, type ByBed, type Call, type Returned } from '../call.ts';

type Errors = Readonly<Record<string, number>>;
type Inherited = Pick<Call, 'what' | 'count' | 'shape' | 'setup' | 'beside' | 'tools' | 'whyNot' | 'addresses'>;

/** What some sockets do, and what each of them is told and has to be counted as. */
export interface Attempt extends Inherited {
  /** The kind of socket; nonblocking. */
  readonly kind?: string;
  /** Steps of the traffic tool (attempts.c). */
  readonly steps: ByBed<readonly string[]>;
  readonly told: ByBed<Returned>;
  /** Failures of one socket, by errno. */
  readonly fails: ByBed<Errors>;
}

/** All of the sockets' together. */
export function callOf({ steps, told, fails, count, kind = 'nonblocking', ...rest }: Attempt): Call {
  const times = (what: Errors) => Object.fromEntries(Object.entries(what).map(([name, each]) => [name, each * count]));
  return {
    ...rest,
    count,
    returned: (bed) => times(at(bed, told)),
    errors: (bed) => times(at(bed, fails)),
    run: (bed) => bed.traffic('client', 'attempts', count, bed.target, kind, ...at(bed, steps)),
  };
}
