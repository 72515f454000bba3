import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { SendResult } from './send_result.ts';

/** What takes OTLP messages to a server: a client of gRPC or of HTTP. */
export interface Carrier {
  /** One attempt, and one at a time; resolves in bounded time and never rejects. */
  send(metrics: ResourceMetrics): Promise<SendResult>;
  /** Closes the connection. Nothing is under way. */
  close(): void;
}
