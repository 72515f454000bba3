import protobuf from 'protobufjs/minimal.js';

export interface Delay {
  readonly seconds?: number;
  readonly nanos?: number;
}

/** An ExportMetricsServiceResponse with a partial success. */
export function partialSuccess(rejected: number, message: string): Uint8Array {
  const writer = protobuf.Writer.create().uint32(10).fork();
  return writer.uint32(8).int64(rejected).uint32(18).string(message).ldelim().finish();
}

/** A google.rpc.Status with these details. */
export function rpcStatus(...details: readonly Uint8Array[]): Uint8Array {
  const writer = protobuf.Writer.create().uint32(8).int32(8).uint32(18).string('injected failure');
  for (const detail of details) writer.uint32(26).bytes(detail);
  return writer.finish();
}

/** A google.protobuf.Any. */
export function any(type: string, value: Uint8Array): Uint8Array {
  return protobuf.Writer.create().uint32(10).string(`type.googleapis.com/${type}`).uint32(18).bytes(value).finish();
}

export function retryInfo(delay?: Delay): Uint8Array {
  const writer = protobuf.Writer.create();
  if (delay !== undefined) {
    writer.uint32(10).fork();
    if (delay.seconds !== undefined) writer.uint32(8).int64(delay.seconds);
    if (delay.nanos !== undefined) writer.uint32(16).int32(delay.nanos);
    writer.ldelim();
  }
  return any('google.rpc.RetryInfo', writer.finish());
}
