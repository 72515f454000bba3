import { at, type ByBed, type Call, type Returned } from '../call.ts';

type Errors = Readonly<Record<string, number>>;
type Inherited = Pick<Call, 'what' | 'count' | 'shape' | 'setup' | 'beside' | 'tools' | 'whyNot' | 'addresses'>;

/** The steps of some sockets, and for each socket the expected results and counts. */
export interface Attempt extends Inherited {
  /** The kind of socket; nonblocking. */
  readonly kind?: string;
  /** Steps of the traffic tool (attempts.c). */
  readonly steps: ByBed<readonly string[]>;
  readonly told: ByBed<Returned>;
  /** Failures of one socket, by errno. */
  readonly fails: ByBed<Errors>;
  /** Those of them that only the return of the call reports. */
  readonly onlyReturned?: ByBed<Errors>;
  /**
   * If the ICMP error comes late, when no call holds the socket, it ends the attempt. These are the results and counts of such a socket.
   * `by` is a result that no other socket gets.
   */
  readonly late?: { readonly by: string; readonly told: Returned; readonly fails: Errors };
}

/** The sum over all sockets. */
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
