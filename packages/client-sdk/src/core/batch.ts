/**
 * Many operations at once, each with an outcome of its own. There is no message for a batch: each operation goes straight
 * to a replica of its key, all of a turn in one write of the connection, and is answered, repeated and stamped as it is
 * alone. A coordinator that took them all would have to send most of them on.
 */
import { asKvError, type KvError } from './errors.ts';

export type Outcome<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly error: KvError };

/** Higher: fills the connections of large clusters better. Lower: less memory in flight. */
const atOnce = 64;

/** The outcomes of the operations, in their order. Never rejects: a defect is the outcome of what met it. */
export async function settleAll<Item, Result>(
  items: readonly Item[],
  run: (item: Item) => Promise<Result>,
): Promise<Outcome<Result>[]> {
  const outcomes: Outcome<Result>[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      outcomes[index] = await settle(() => run(items[index] as Item));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return outcomes;
}

async function settle<Result>(run: () => Promise<Result>): Promise<Outcome<Result>> {
  try {
    return { ok: true, result: await run() };
  } catch (error) {
    return { ok: false, error: asKvError(error) };
  }
}
