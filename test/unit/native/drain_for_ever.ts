import { drainable } from '../../support/draining.ts';

/* Takes over what is pinned in a directory and drains it again and again, until it is killed. */
const probe = drainable(Number(process.argv[3]), {
  pin: { directory: process.argv[2] as string, fingerprint: 'drained', startTimeMillis: 1_700_000_000_000 },
});
process.stdout.write('draining\n');
for (;;) await probe.drain();
