import { type IExportMetricsServiceResponse, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { SendResult } from './send_result.ts';

const READERS = {
  proto: (answer: Uint8Array) => ProtobufMetricsSerializer.deserializeResponse(answer),
  // The library's reader takes what isn't JSON for an empty answer.
  json: (answer: Uint8Array) => JSON.parse(Buffer.from(answer).toString()) as IExportMetricsServiceResponse,
};

/** Reads an ExportMetricsServiceResponse. If it can't be decoded, the push is not a success: it is unknown what the server accepted. */
export function readAnswer(answer: Uint8Array, encoding: keyof typeof READERS = 'proto'): SendResult {
  try {
    const { partialSuccess } = READERS[encoding](answer);
    // JSON has 64-bit integers as text.
    const rejected = Number(partialSuccess?.rejectedDataPoints ?? 0);
    if (Number.isNaN(rejected)) throw new Error(`rejectedDataPoints is ${partialSuccess?.rejectedDataPoints}`);
    return { status: 'sent', rejected, message: partialSuccess?.errorMessage ?? '' };
  } catch (error) {
    return {
      status: 'refused',
      about: 'message',
      cause: 'undecodable answer',
      why: `the answer is not OTLP (ExportMetricsServiceResponse): ${(error as Error).message}`,
    };
  }
}
