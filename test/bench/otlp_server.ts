import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials } from '@grpc/grpc-js';

/* An OTLP receiver over gRPC and HTTP that accepts everything, in a separate process. Prints its ports. */
const identity = (bytes: Buffer) => bytes;
const grpc = new Server({ 'grpc.max_receive_message_length': 64 << 20 });
grpc.addService(
  {
    Export: {
      path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  },
  { Export: (_call: unknown, done: (error: null, answer: Buffer) => void) => done(null, Buffer.alloc(0)) },
);
const http = createServer((request, response) => {
  request.resume().on('end', () => response.setHeader('Content-Type', 'application/x-protobuf').end());
});
grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  http.listen(0, '127.0.0.1', () => {
    process.stdout.write(`grpc ${port} http ${(http.address() as AddressInfo).port}\n`);
  });
});
