/**
 * The definition of linearizability itself, tried out: is there an order of the operations, with those of unknown
 * outcome or without, that keeps what came after what, and that a plain variable would have gone through? Exponential, and
 * shares nothing with the checker that it judges.
 */
import type { RegisterAction, RegisterCondition } from '../register-model.ts';
import type { TimedOperation } from '../sequential-model.ts';

type Operation = TimedOperation<RegisterAction>;

/** A version that nobody was told is `undefined` until somebody says which it is. */
interface Held {
  readonly value: string;
  version: string | undefined;
}

export function isLinearizable(operations: readonly Operation[]): boolean {
  return ordersOf(operations).some(isLegal);
}

/** Every order of all that ended and of any of the rest, in which nothing comes before what had ended when it began. */
function ordersOf(left: readonly Operation[]): Operation[][] {
  const none = left.every(({ endedAt }) => endedAt === Infinity) ? [[]] : [];
  const longer = left.flatMap((first) => {
    const others = left.filter((other) => other !== first);
    if (others.some((other) => other.endedAt < first.startedAt)) return [];
    return ordersOf(others).map((rest) => [first, ...rest]);
  });
  return [...none, ...longer];
}

function isLegal(order: readonly Operation[]): boolean {
  let held: Held | undefined;
  for (const { action } of order) {
    if (action.type === 'write') {
      if (action.condition !== undefined && !isMet(action.condition, held)) return false;
      held = action.value === undefined ? undefined : { value: action.value, version: action.version };
    } else if (action.type === 'read') {
      if (action.value !== held?.value || !isUnder(action.version, held)) return false;
    } else {
      if (action.version === undefined ? held !== undefined : held === undefined) return false;
      if (!isUnder(action.version, held) || isMet(action.condition, held)) return false;
    }
  }
  return true;
}

/** Whether what is held is under the version that was told, which may be the first that is heard of it. */
function isUnder(version: string | undefined, held: Held | undefined): boolean {
  if (held === undefined || version === undefined) return true;
  held.version ??= version;
  return held.version === version;
}

function isMet(condition: RegisterCondition, held: Held | undefined): boolean {
  if (condition.type === 'value') return condition.value === held?.value;
  return held !== undefined && (held.version === undefined || held.version === condition.version);
}
