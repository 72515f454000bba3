import type { Counter, Histogram, Observable, ObservableCallback } from '@opentelemetry/api';
import type { Settings } from '../../component/factory.ts';
import { RECEIVER } from '../../metrics/definitions.ts';
import { counter, gauge, histogram, observableGauge } from '../../metrics/instruments.ts';
import type { Probe } from './probe.ts';
import type { Reader } from './rows/reader.ts';

/** The receiver's own metrics. */
export class ReceiverMetrics {
  readonly #attributes: { readonly receiver: string };
  readonly #reads: Counter;
  readonly #readDuration: Histogram;
  readonly #rows: ReturnType<typeof gauge>;
  readonly #accepted: Counter;
  readonly #observed: readonly (readonly [Observable, ObservableCallback])[];

  constructor({ id, meter }: Settings, probe: Probe, reader: Reader) {
    this.#attributes = { receiver: id };
    this.#reads = counter(meter, RECEIVER.reads);
    this.#readDuration = histogram(meter, RECEIVER.readDuration);
    this.#rows = gauge(meter, RECEIVER.rows);
    this.#accepted = counter(meter, RECEIVER.accepted);
    this.#observed = [
      [
        observableGauge(meter, RECEIVER.mapEntries),
        (result) => {
          for (const [map, used] of reader.mapsUsed) result.observe(used, { map });
        },
      ],
      [
        observableGauge(meter, RECEIVER.mapCapacity),
        (result) => {
          for (const { map, capacity } of probe.maps()) if (reader.mapsUsed.has(map)) result.observe(capacity, { map });
        },
      ],
    ];
    for (const [instrument, observe] of this.#observed) instrument.addCallback(observe);
  }

  accepted(rows: number): void {
    this.#rows.record(rows, this.#attributes);
    this.#accepted.add(rows, this.#attributes);
  }

  readTook(seconds: number): void {
    this.#reads.add(1, this.#attributes);
    this.#readDuration.record(seconds, this.#attributes);
  }

  stop(): void {
    for (const [instrument, observe] of this.#observed) instrument.removeCallback(observe);
  }
}
