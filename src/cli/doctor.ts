import type { LoadOptions } from '../config/load.ts';
import type { Io } from './io.ts';
export async function doctor(_options: LoadOptions & { json: boolean }, _io: Io): Promise<boolean> { return false; }
