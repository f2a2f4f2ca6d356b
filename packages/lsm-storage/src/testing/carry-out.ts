/** What writes do, to a map of strings. */

import type { BatchOperation } from '../core/index.ts';

export function carryOut(write: BatchOperation, contents: Map<string, string>): void {
  const name = (key: Uint8Array): string => Buffer.from(key).toString();
  if (write.type === 'put') contents.set(name(write.key), name(write.value));
  else if (write.type === 'delete') contents.delete(name(write.key));
  else {
    const to = write.to === undefined ? undefined : name(write.to);
    for (const key of contents.keys()) {
      if (key >= name(write.from) && (to === undefined || key < to)) contents.delete(key);
    }
  }
}
