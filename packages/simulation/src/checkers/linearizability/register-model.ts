/**
 * One key of a strong keyspace, as if operations came one at a time: it holds a value under a version, or nothing. A
 * write gives it a value, or takes the value away, perhaps on a condition; everything else says what was there.
 */
import type { SequentialModel } from './sequential-model.ts';

/** What the key must hold for a write to take place. An absent key is under no version that could be asked for. */
export type RegisterCondition =
  | { readonly type: 'version'; readonly version: string }
  /** `undefined`: the key must be absent. */
  | { readonly type: 'value'; readonly value: string | undefined };

export interface RegisterState {
  /** `undefined`: absent. */
  readonly value: string | undefined;
  /** `undefined`: nobody was ever told, so that no condition can name it. */
  readonly version: string | undefined;
}

/** It took place, or may have. The state that it leaves is the action itself. */
export interface RegisterWrite extends RegisterState {
  readonly type: 'write';
  readonly condition: RegisterCondition | undefined;
}

/** This was there. The version of an absent key tells nothing. */
export interface RegisterRead extends RegisterState {
  readonly type: 'read';
}

/** The condition did not hold; `version` is what was there instead, if that was told. */
export interface RegisterRefusal {
  readonly type: 'refusal';
  readonly condition: RegisterCondition;
  readonly version: string | undefined;
}

export type RegisterAction = RegisterWrite | RegisterRead | RegisterRefusal;

export const registerModel: SequentialModel<RegisterState, RegisterAction> = {
  initial: { value: undefined, version: undefined },
  step: (state, action) => {
    if (action.type === 'write') return holds(action.condition, state) ? action : undefined;
    const isTrue = action.type === 'read' ? isRead(action, state) : isRefusal(action, state);
    return isTrue ? state : undefined;
  },
};

function isRead({ value, version }: RegisterRead, state: RegisterState): boolean {
  return value === state.value && (value === undefined || version === state.version);
}

function isRefusal({ condition, version }: RegisterRefusal, state: RegisterState): boolean {
  const isThere = version === undefined || (state.value !== undefined && version === state.version);
  return isThere && !holds(condition, state);
}

function holds(condition: RegisterCondition | undefined, state: RegisterState): boolean {
  if (condition === undefined) return true;
  if (condition.type === 'value') return condition.value === state.value;
  return state.value !== undefined && condition.version === state.version;
}
