import type { AddressKey } from '../../../pdata/ip_address.ts';
import type { Described } from './described.ts';
import type { PodRecord } from './records.ts';

/** A pod's hold on one address. */
export interface Claim {
  readonly pod: Pod;
  readonly key: AddressKey;
  readonly shown: Described;
}

/** A pod as it is known now. */
export interface Pod {
  readonly record: PodRecord;
  readonly claims: readonly Claim[];
  /** When it was deleted, by the cluster's clock; undefined while it is there. */
  readonly deletedMillis: number | undefined;
}
