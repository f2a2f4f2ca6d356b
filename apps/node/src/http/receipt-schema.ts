/** The form of a receipt, as the `KV-Receipt` header and problems carry it, for the description of the API. */
const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;

const replicaSchema = {
  type: 'object',
  required: ['name', 'id', 'role', 'answer'],
  properties: {
    name: text,
    id: text,
    role: {
      type: 'string',
      enum: ['primary', 'fallback'],
      description: 'An owner of the key, or who stands in for one.',
    },
    hintFor: { type: 'string', description: 'Name of the owner for whom a fallback keeps the write.' },
    answer: {
      type: 'string',
      enum: ['applied', 'superseded', 'held', 'absent', 'refused', 'unreachable', 'pending', 'down'],
    },
    version: { type: 'string', description: 'What it said it holds.' },
    latencyMs: { type: 'number', minimum: 0 },
    reason: { type: 'string', description: 'Stable code of a refusal or of a broken link.' },
  },
} as const;

export const receiptSchema = {
  type: 'object',
  description: 'What each server that was asked answered, and when.',
  required: ['mode', 'epoch', 'needed', 'got', 'replicas', 'repairs'],
  properties: {
    mode: {
      type: 'string',
      enum: ['strict', 'sloppy'],
      description: '`strict`: owners of the key alone were enough. `sloppy`: fallbacks were counted.',
    },
    epoch: count,
    needed: count,
    got: { ...count, description: 'Distinct servers that counted; of what was refused before it was sent, those up.' },
    replicas: { type: 'array', items: replicaSchema },
    repairs: {
      type: 'object',
      required: ['sent', 'acknowledged', 'needed', 'held'],
      properties: {
        sent: count,
        acknowledged: count,
        needed: { ...count, description: 'Owners that had to hold what was read before it was answered.' },
        held: { ...count, description: 'Owners known to hold it; below `needed` a later read may go behind it.' },
      },
    },
  },
} as const;
