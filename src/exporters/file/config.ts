import { z } from 'zod';

const rotation = z.strictObject({
  max_megabytes: z
    .int()
    .min(1)
    .default(100)
    .describe('The file is set aside before it grows beyond so many times 1,048,576 bytes.'),
  max_backups: z.int().min(0).default(3).describe('Files set aside that are kept, the newest ones; 0 keeps all.'),
});

export const configSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .describe('A file, which is made where it is missing; or /dev/stdout, or a FIFO or listening Unix socket that is there.'),
  rotation: rotation.prefault({}).describe('How a regular file is kept from growing; of no meaning for the others.'),
});

export type FileConfig = z.infer<typeof configSchema>;
