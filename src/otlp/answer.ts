import { ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import type { SendResult } from './send_result.ts';

/** Reads an ExportMetricsServiceResponse. One that can't be decoded is no success: nobody knows what the server took. */
export function readAnswer(answer: Uint8Array): SendResult {
  try {
    const { partialSuccess } = ProtobufMetricsSerializer.deserializeResponse(answer);
    return {
      status: 'sent',
      rejected: partialSuccess?.rejectedDataPoints ?? 0,
      message: partialSuccess?.errorMessage ?? '',
    };
  } catch (error) {
    return {
      status: 'refused',
      cause: 'undecodable answer',
      why: `the answer is not OTLP (ExportMetricsServiceResponse): ${(error as Error).message}`,
    };
  }
}
