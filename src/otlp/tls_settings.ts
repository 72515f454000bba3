import { z } from 'zod';

/** The Collector's configtls for clients, under the same names. */
export const tlsSettings = z
  .strictObject({
    insecure: z.boolean().default(false).describe('true: no TLS at all.'),
    insecure_skip_verify: z.boolean().default(false).describe("true: TLS that accepts any server's certificate."),
    ca_file: z
      .string()
      .optional()
      .describe("PEM file with the CA that signed the server's certificate; default: the well-known CAs."),
    cert_file: z.string().optional().describe("PEM file with the client's certificate, where the server requires one."),
    key_file: z.string().optional().describe('PEM file with the key of that certificate.'),
  })
  .refine(({ cert_file, key_file }) => (cert_file === undefined) === (key_file === undefined), {
    message: 'cert_file and key_file go together: give both or neither',
  });

export type TlsSettings = z.infer<typeof tlsSettings>;
