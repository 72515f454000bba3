import { drainable } from '../../support/draining.ts';
import { PINNED, ROWS } from './rows_by_interface.ts';

/* Takes over what is pinned in a directory, and again and again empties the kernel's maps and ends every row, until it is killed. */
const [directory = '', mode = ''] = process.argv.slice(2);
const probe = drainable(500, { ...ROWS, ...(mode === 'basic' ? { flows: undefined } : {}), pin: { directory, ...PINNED } });
for (let round = 0; ; round++) {
  await probe.drain();
  probe.endRows(probe.entries('attributes').flatMap(({ id, live }) => (live ? [] : [id])));
  if (round < 100) process.stdout.write('ending\n');
}
