/**
 * What of a context that a stranger hands in may be believed. A context says "I have seen these writes", and what it names is
 * replaced, so one that names writes which do not exist would replace writes to come.
 */
import { SiblingError } from '../errors.ts';
import type { Context, SiblingSet } from './sibling-set.ts';

export interface Believer {
  /** Who judges: an owner of the key, which knows every write that it gave a dot. */
  readonly actor: string;
  /** Whether there is, or was, such an actor. */
  readonly isActor: (actor: string) => boolean;
  /** About as far as counters of any actor have come by themselves, beside those that follow from the set; default 0. */
  readonly above?: number;
}

/** How far an actor may be ahead of what is known of it here: far more than is ever under way, far less than there is. */
const mostAhead = 2 ** 22;

/**
 * The context without actors that there are not, and without writes of the judge itself that it never made.
 * @throws SiblingError INVALID_CONTEXT when it names writes of another actor that cannot have been made yet
 */
export function believedContext(
  context: Context,
  set: SiblingSet<unknown>,
  { actor: self, isActor, above = 0 }: Believer,
): Context {
  const believed = new Map<string, number>();
  for (const [actor, counter] of context) {
    const known = set.context.get(actor) ?? 0;
    if (actor === self) {
      if (known > 0) believed.set(actor, Math.min(counter, known));
    } else if (known > 0 || isActor(actor)) {
      checkCounter(counter, Math.max(known, above) + mostAhead);
      believed.set(actor, counter);
    }
  }
  return believed;
}

function checkCounter(counter: number, most: number): void {
  if (counter <= most) return;
  throw new SiblingError('INVALID_CONTEXT', `the context names a write ${counter} where none can be above ${most}`);
}
