import { readFileSync } from 'node:fs';

const START = new URL('../../scripts/start.sh', import.meta.url);

/** The options of Node.js with which `npm start` runs the agent. */
export const NODE_FLAGS: readonly string[] = /bin\/node" (--.*?) "/.exec(readFileSync(START, 'utf8'))?.[1]?.split(' ') ?? [];
if (NODE_FLAGS.length === 0) throw new Error(`${START.pathname} has no options of Node.js`);
