import { connect } from 'node:tls';

/*
 * Keeps so many TLS connections to a port open: each shakes hands and sends nothing, and comes again some seconds after the server has closed it. Prints
 * a line when all have been open once. usage: slow_tls_child.ts PORT CONNECTIONS
 */

/** Tools that do this come again after 10 s or more. */
const PAUSE_MILLIS = 5_000;

const [port, most] = process.argv.slice(2).map(Number) as [number, number];
let opened = 0;

function open(): void {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.on('secureConnect', () => {
    if (++opened === most) console.log('all have been open');
  });
  socket.on('error', () => {});
  socket.on('close', () => setTimeout(open, PAUSE_MILLIS));
}

for (let nth = 0; nth < most; nth++) open();
process.on('disconnect', () => process.exit());
