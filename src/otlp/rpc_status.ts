import protobuf from 'protobufjs/minimal.js';

const TYPE = '/google.rpc.RetryInfo';

/** A longer delay is cut to this, so that a server's mistake doesn't silence the exporter for good. */
export const MOST_DELAY_MILLIS = 3_600_000;

/**
 * The wait before a retry in milliseconds, from a google.rpc.Status (trailer `grpc-status-details-bin`), or undefined if it has no
 * RetryInfo. A RetryInfo without a positive delay gives 0. Never throws: undecodable bytes have no RetryInfo.
 *
 * https://github.com/googleapis/googleapis/tree/master/google/rpc: Status.details = 3, RetryInfo.retry_delay = 1
 */
export function retryDelay(status: Uint8Array): number | undefined {
  try {
    for (const [field, detail] of fields(status)) {
      if (field !== 3 || typeof detail === 'number') continue;
      const any = new Map(fields(detail));
      const [type, value] = [any.get(1), any.get(2) ?? new Uint8Array()];
      if (typeof type === 'number' || typeof value === 'number') continue;
      if (
        Buffer.from(type ?? [])
          .toString()
          .endsWith(TYPE)
      )
        return durationMillis(new Map(fields(value)).get(1));
    }
  } catch {
    // Truncated, or not protobuf.
  }
  return undefined;
}

/** The message of a google.rpc.Status (field 2); empty if it has none or can't be decoded. */
export function statusMessage(status: Uint8Array): string {
  try {
    for (const [field, value] of fields(status))
      if (field === 2 && typeof value !== 'number') return Buffer.from(value).toString();
  } catch {
    // Truncated, or not protobuf.
  }
  return '';
}

/** google.protobuf.Duration: seconds = 1, nanos = 2. */
function durationMillis(duration: Uint8Array | number | undefined): number {
  if (duration === undefined || typeof duration === 'number') return 0;
  const parts = new Map(fields(duration));
  const millis = Number(parts.get(1) ?? 0) * 1000 + Number(parts.get(2) ?? 0) / 1e6;
  return Math.min(Math.max(millis, 0), MOST_DELAY_MILLIS) || 0;
}

/** Integers and length-delimited fields, by number. @throws if the bytes are not a message. */
function* fields(bytes: Uint8Array): Generator<[field: number, value: Uint8Array | number]> {
  const reader = protobuf.Reader.create(bytes);
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if ((tag & 7) === 0) yield [tag >>> 3, Number(reader.int64().toString())];
    else if ((tag & 7) === 2) yield [tag >>> 3, reader.bytes()];
    else reader.skipType(tag & 7);
  }
}
