/**
 * Makes one answer of what several owners say of the same stretch of keys: of each key the newest version, tombstones
 * included. Behind the last key of an answer that was cut short nobody knows what its owner holds, so nothing behind the
 * smallest of those keys is told: each key comes with the answers of all.
 */
import { compareKeys } from '@kv/anti-entropy';
import { compareMetaVersions, type ReplicaScanReply, type ScannedEntry } from '@kv/wire';

export interface MergedAnswers {
  /** In byte order. With its value where whoever holds the newest version sent it. */
  readonly entries: readonly ScannedEntry[];
  /** Up to which key, included, all is told; `undefined`: to the end. */
  readonly through: Uint8Array | undefined;
}

export function mergeAnswers(answers: readonly Pick<ReplicaScanReply, 'entries' | 'truncated'>[]): MergedAnswers {
  const through = answers.reduce<Uint8Array | undefined>(
    (least, { entries, truncated }) => (truncated ? smaller(least, entries.at(-1)?.key) : least),
    undefined,
  );
  const merged = answers.map(({ entries }) => entries).reduce(mergeTwo, []);
  const entries = through === undefined ? merged : merged.filter(({ key }) => compareKeys(key, through) <= 0);
  return { entries, through };
}

/** Both ascending by key, as is the result. */
function mergeTwo(left: readonly ScannedEntry[], right: readonly ScannedEntry[]): ScannedEntry[] {
  const merged: ScannedEntry[] = [];
  let [l, r] = [0, 0];
  for (;;) {
    const [a, b] = [left[l], right[r]];
    if (a === undefined || b === undefined) break;
    const order = compareKeys(a.key, b.key);
    merged.push(order < 0 ? a : order > 0 ? b : newer(a, b));
    if (order <= 0) l += 1;
    if (order >= 0) r += 1;
  }
  return merged.concat(left.slice(l), right.slice(r));
}

/** Of equal versions the one that came with its value. */
function newer(a: ScannedEntry, b: ScannedEntry): ScannedEntry {
  const order = compareMetaVersions(a.meta, b.meta);
  if (order === 0) return a.value === undefined ? b : a;
  return order > 0 ? a : b;
}

function smaller(a: Uint8Array | undefined, b: Uint8Array | undefined): Uint8Array | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return compareKeys(a, b) < 0 ? a : b;
}
