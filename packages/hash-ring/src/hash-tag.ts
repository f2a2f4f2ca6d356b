/**
 * Hash tags, as Redis Cluster has them: of a key that contains `{tag}` only the tag is hashed, so that keys with the
 * same tag share a partition. The tag lies between the first `{` and the next `}`; an empty one does not count.
 */
const open = 0x7b;
const close = 0x7d;

/** The bytes that place the key: a view of its tag, or the key itself. Nothing is copied. */
export function hashTag(key: Uint8Array): Uint8Array {
  const start = key.indexOf(open);
  if (start < 0) return key;
  const end = key.indexOf(close, start + 1);
  return end > start + 1 ? key.subarray(start + 1, end) : key;
}
