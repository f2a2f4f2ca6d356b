/**
 * The definition of linearizability itself, tried out: is there an order of the operations, with those of unknown
 * outcome or without, that keeps what came after what, and that a plain variable would have gone through? Exponential, and
 * shares nothing with the checker that it judges.
 */
import type { RegisterAction, RegisterCondition } from '../register-model.ts';
import type { TimedOperation } from '../sequential-model.ts';

type Operation = TimedOperation<RegisterAction>;

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
  let held: { value: string; version: string | undefined } | undefined;
  for (const { action } of order) {
    if (action.type === 'write') {
      if (action.condition !== undefined && !isMet(action.condition, held)) return false;
      held = action.value === undefined ? undefined : { value: action.value, version: action.version };
    } else if (action.type === 'read') {
      if (action.value !== held?.value) return false;
      if (held !== undefined && held.version !== action.version) return false;
    } else {
      if (isMet(action.condition, held)) return false;
      if (action.version !== undefined && action.version !== held?.version) return false;
    }
  }
  return true;
}

function isMet(
  condition: RegisterCondition,
  held: { value: string; version: string | undefined } | undefined,
): boolean {
  if (condition.type === 'value') return condition.value === held?.value;
  return held !== undefined && held.version === condition.version;
}
