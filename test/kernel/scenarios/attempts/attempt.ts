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
  /** Of these, those that the call's own return reports alone. */
  readonly onlyReturned?: ByBed<Errors>;
  /**
   * Where the ICMP error comes late, when no call holds the socket any more, it ends the attempt: what such a socket is told, and
   * counted as. `by` is what no other socket is told.
   */
  readonly late?: { readonly by: string; readonly told: Returned; readonly fails: Errors };
}

/** All of the sockets' together. */
export function callOf({ steps, told, fails, onlyReturned = {}, late, count, kind = 'nonblocking', ...rest }: Attempt): Call {
  const sum = (each: Errors, lateOnes: Errors, got: Returned) => {
    const lateCount = (late && got[late.by]) ?? 0;
    const total: Record<string, number> = {};
    for (const [errors, sockets] of [
      [each, count - lateCount],
      [lateOnes, lateCount],
    ] as const) {
      if (sockets === 0) continue;
      for (const [name, number] of Object.entries(errors)) total[name] = (total[name] ?? 0) + number * sockets;
    }
    return total;
  };
  return {
    ...rest,
    count,
    returned: (bed, got) => sum(at(bed, told), late?.told ?? {}, got),
    errors: (bed, got) => sum(at(bed, fails), late?.fails ?? {}, got),
    onlyReturned: (bed, got) => sum(at(bed, onlyReturned), {}, got),
    run: (bed) => bed.traffic('client', 'attempts', count, bed.target, kind, ...at(bed, steps)),
  };
}
