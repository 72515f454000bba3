import type { Counter, Meter, UpDownCounter } from '@opentelemetry/api';
import { K8S_ATTRIBUTES } from '../../metrics/definitions.ts';
import { counter, upDownCounter } from '../../metrics/instruments.ts';
import type { Sums } from '../../pdata/sums.ts';

/** What has become of the node's drops: published + pending + overflow = node. Each term is counted at its own place. */
export class FlowAccount {
  readonly #drops: Counter;
  readonly #bytes: Counter;
  readonly #pending: UpDownCounter;
  readonly #pendingBytes: UpDownCounter;
  readonly #unwaited: Counter;
  readonly #processor: string;

  constructor(meter: Meter, processor: string) {
    this.#drops = counter(meter, K8S_ATTRIBUTES.flowDrops);
    this.#bytes = counter(meter, K8S_ATTRIBUTES.flowBytes);
    this.#pending = upDownCounter(meter, K8S_ATTRIBUTES.pending);
    this.#pendingBytes = upDownCounter(meter, K8S_ATTRIBUTES.pendingBytes);
    this.#unwaited = counter(meter, K8S_ATTRIBUTES.unwaited);
    this.#processor = processor;
  }

  count(term: 'node' | 'published' | 'overflow', { drops, bytes }: Sums): void {
    this.#drops.add(drops, { processor: this.#processor, term });
    this.#bytes.add(bytes, { processor: this.#processor, term });
  }

  /** `sign` is 1 for what begins to wait, -1 for what ends. */
  wait({ drops, bytes }: Sums, sign: 1 | -1): void {
    this.#pending.add(sign * drops, { processor: this.#processor });
    this.#pendingBytes.add(sign * bytes, { processor: this.#processor });
  }

  /** Drops that didn't wait though they should have, since too many flows did. */
  skipWaiting(drops: number): void {
    if (drops > 0) this.#unwaited.add(drops, { processor: this.#processor });
  }
}
