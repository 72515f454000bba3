import { Server, ServerCredentials } from '@grpc/grpc-js';

/* An OTLP receiver that takes everything, in a process of its own; prints its port. */
const identity = (bytes: Buffer) => bytes;
const server = new Server({ 'grpc.max_receive_message_length': 64 << 20 });
server.addService(
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
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`port ${port}\n`);
});
