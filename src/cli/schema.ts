import type { Factories } from '../component/factory.ts';
import { jsonSchema } from '../config/json_schema.ts';
import type { Io } from './io.ts';

/** `dropreason schema`: the JSON schema of the file for editors, same as config/schema.json. */
export async function schema({ factories }: { factories: Factories }, { stdout }: Io): Promise<void> {
  stdout(`${JSON.stringify(jsonSchema(factories), undefined, 2)}\n`);
}
