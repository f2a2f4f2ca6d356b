/**
 * The last operations that changed a register, kept in its value: an operation that is tried again, by its proposer or by
 * a client through another one, finds its id there and is not done twice. Ids are versions, so that what was forgotten
 * has an end: an operation stamped behind it was certainly not done yet, one stamped before it may have been.
 */
import { compareStamps, type Stamp } from '../stamp.ts';
import { sameVersion, type Version } from '../version.ts';

export interface OperationMemory<Result> {
  /** The newest last. */
  readonly recent: readonly { readonly id: Version; readonly result: Result }[];
  /** The highest stamp among those that were forgotten. */
  readonly forgotten: Stamp | undefined;
}

export const noOperations: OperationMemory<never> = { recent: [], forgotten: undefined };

/** `new`: it was never done. `forgotten`: nobody knows any more whether it was. */
export type Recollection<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'new' | 'forgotten' };

export function recall<Result>(memory: OperationMemory<Result>, id: Version): Recollection<Result> {
  const known = memory.recent.find((operation) => sameVersion(operation.id, id));
  if (known !== undefined) return { kind: 'done', result: known.result };
  const forgotten = memory.forgotten !== undefined && compareStamps(id, memory.forgotten) <= 0;
  return { kind: forgotten ? 'forgotten' : 'new' };
}

/** With one operation more, of which `recall` said `new`; at most `most` of them are kept. */
export function remember<Result>(
  memory: OperationMemory<Result>,
  id: Version,
  result: Result,
  most: number,
): OperationMemory<Result> {
  const all = [...memory.recent, { id, result }];
  const dropped = all.slice(0, Math.max(0, all.length - most));
  const forgotten = dropped.reduce((highest, operation) => higherStamp(highest, operation.id), memory.forgotten);
  return { recent: all.slice(dropped.length), forgotten };
}

function higherStamp(a: Stamp | undefined, { ms, counter }: Stamp): Stamp {
  return a === undefined || compareStamps(a, { ms, counter }) < 0 ? { ms, counter } : a;
}
