import { Metadata, Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData, status } from '@grpc/grpc-js';
import { decode, type WireMessage } from '../wire.ts';

export interface WireRequest extends WireMessage {
  readonly metadata: Metadata;
  /** Address and port of the connection's other end. */
  readonly peer: string;
  /** By performance.now(). */
  readonly receivedMillis: number;
}

/**
 * What to answer: nothing is success, bytes are the answer's, a number is a gRPC code, which may come with a
 * google.rpc.Status or with words, `hang` never answers.
 */
export type Answer =
  | number
  | 'hang'
  | undefined
  | Uint8Array
  | { readonly code: number; readonly status?: Uint8Array; readonly details?: string };

/** A gRPC server that takes OTLP metrics, decodes them and answers as it is told. */
export class OtlpServer {
  readonly requests: WireRequest[] = [];
  answer: Answer;
  /** More points than this in one message are answered as grpc-go does when a message is beyond its limit. */
  mostPoints = Number.POSITIVE_INFINITY;
  readonly #server = new Server();
  port = 0;

  /** Listens on 127.0.0.1, or on the socket that `unix:PATH` names. */
  async start(
    credentials: ServerCredentials = ServerCredentials.createInsecure(),
    port: number | `unix:${string}` = 0,
  ): Promise<this> {
    this.#server.addService(
      {
        export: {
          path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
          requestStream: false,
          responseStream: false,
          requestSerialize: (bytes: Buffer) => bytes,
          requestDeserialize: (bytes: Buffer) => bytes,
          responseSerialize: (bytes: Buffer) => bytes,
          responseDeserialize: (bytes: Buffer) => bytes,
        },
      },
      {
        export: (call: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>) => {
          const request = {
            ...decode(call.request),
            metadata: call.metadata,
            peer: call.getPeer(),
            receivedMillis: performance.now(),
          };
          this.requests.push(request);
          if (request.points.length > this.mostPoints) {
            reply({ code: status.RESOURCE_EXHAUSTED, details: 'grpc: received message larger than max (5000000 vs. 4194304)' });
            return;
          }
          const { answer } = this;
          if (answer === 'hang') return;
          if (answer === undefined) reply(null, Buffer.alloc(0));
          else if (answer instanceof Uint8Array) reply(null, Buffer.from(answer));
          else if (typeof answer === 'number') reply({ code: answer, details: 'injected failure' });
          else {
            const metadata = new Metadata();
            if (answer.status !== undefined) metadata.set('grpc-status-details-bin', Buffer.from(answer.status));
            reply({ code: answer.code, details: answer.details ?? 'injected failure', metadata });
          }
        },
      },
    );
    this.port = await new Promise((resolve, reject) => {
      this.#server.bindAsync(typeof port === 'string' ? port : `127.0.0.1:${port}`, credentials, (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    return this;
  }

  stop(): void {
    this.#server.forceShutdown();
  }
}
