/**
 * The id under which a change of the topology is remembered. Its asker's id says when it was drawn; what was asked is in it
 * too, so that an id which somebody used for another change before is not taken for that one.
 */
import { murmur3 } from '@kv/hash-ring';
import { changeIdAt, type KeyspaceChange } from '@kv/wire';

const utf8 = new TextEncoder();
/** Of 8 hexadecimal digits each: enough for the 19 of an id. */
const hashes = [1, 2, 3];

/** @param ms the time of `id` */
export function rememberedId(id: string, ms: number, change: KeyspaceChange): string {
  const asked = JSON.stringify([id, change], inOrder);
  const digits = hashes.map((hash) =>
    murmur3(utf8.encode(`${hash}${asked}`))
      .toString(16)
      .padStart(8, '0'),
  );
  return changeIdAt(ms, digits.join('').slice(0, 19));
}

/** However the fields were written, the text is the same. */
function inOrder(_key: string, value: unknown): unknown {
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isRecord ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
}
