/** The form of a batch, without which nothing of it is begun. What is wrong with what an operation asks is told with its outcome. */
import { consistencyLevels } from '@kv/quorum';
import { z } from 'zod';

export const mostOperations = 128;

const place = {
  key: z.string().meta({ description: 'Text, or base64url if `encoding` says so.' }),
  encoding: z.enum(['base64url']).optional().meta({ description: 'Of the key; absent if it is text.' }),
  level: z.enum(consistencyLevels).optional().meta({ description: 'By name how many replicas must answer.' }),
  sloppy: z
    .boolean()
    .optional()
    .meta({
      description:
        'Whether other servers may be counted in the place of owners that are down. Default: as the keyspace says. Not `true` in ' +
        'strong keyspaces and those with siblings.',
    }),
};
const context = z
  .string()
  .optional()
  .meta({ description: 'Of a read of the key, in a keyspace with siblings: the write replaces what was read.' });
const replicas = z.number().int().optional().meta({ description: 'How many replicas must answer, 1 to N.' });

const operation = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('get'), ...place, r: replicas }),
  z.strictObject({
    type: z.literal('put'),
    ...place,
    w: replicas,
    context,
    value: z.looseObject({}).meta({ description: 'Exactly one of `json`, `text` and `base64`.' }),
    contentType: z.string().optional().meta({ description: 'Default: by the form of the value.' }),
    ttl: z
      .string()
      .optional()
      .meta({ description: 'How long it lives: a whole number of `ms`, `s`, `m`, `h` or `d`; `0` for ever.' }),
  }),
  z.strictObject({ type: z.literal('delete'), ...place, w: replicas, context }),
]);

export const batchSchema = z.strictObject({ operations: z.array(operation).min(1).max(mostOperations) });

export type BatchOperation = z.output<typeof operation>;
