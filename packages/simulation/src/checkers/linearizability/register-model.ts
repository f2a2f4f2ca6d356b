/**
 * One key of a strong keyspace, as if operations came one at a time: it holds a value under a version, or nothing. A
 * write gives it a value, or takes the value away, perhaps on a condition; everything else says what was there.
 *
 * Of a write whose outcome nobody was told, nobody was told the version either: it is whatever is first said to be there.
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
  /** `undefined`: not told yet. */
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

/** The condition did not hold; `version` is what was there instead, `undefined` if the key was absent. */
export interface RegisterRefusal {
  readonly type: 'refusal';
  readonly condition: RegisterCondition;
  readonly version: string | undefined;
}

export type RegisterAction = RegisterWrite | RegisterRead | RegisterRefusal;

const absent: RegisterState = { value: undefined, version: undefined };

/** @param taken versions that are known to be those of certain writes, and so of no other */
export function registerModel(taken: ReadonlySet<string> = new Set()): SequentialModel<RegisterState, RegisterAction> {
  const named = new NamedStates(taken);
  return {
    initial: absent,
    isObservation: ({ type }) => type !== 'write',
    step: (state, action) => {
      if (action.type === 'write') return mayHold(action.condition, state, named) ? action : undefined;
      if (action.type === 'read') return readFrom(state, action, named);
      return refusedIn(state, action, named);
    },
  };
}

/** States of writes whose version was told by others; each is made once, since states are compared by identity. */
class NamedStates {
  readonly #taken: ReadonlySet<string>;
  readonly #made = new Map<RegisterState, Map<string, RegisterState>>();

  constructor(taken: ReadonlySet<string>) {
    this.#taken = taken;
  }

  /** The state as it is once it is known to be under this version; `undefined` if it is not. */
  name(state: RegisterState, version: string): RegisterState | undefined {
    if (state.value === undefined) return undefined;
    if (state.version !== undefined) return state.version === version ? state : undefined;
    if (this.#taken.has(version)) return undefined;
    const made = this.#made.get(state) ?? new Map<string, RegisterState>();
    const found = made.get(version) ?? { value: state.value, version };
    this.#made.set(state, made.set(version, found));
    return found;
  }
}

function readFrom(
  state: RegisterState,
  { value, version }: RegisterRead,
  named: NamedStates,
): RegisterState | undefined {
  if (value !== state.value) return undefined;
  return value === undefined || version === undefined ? state : named.name(state, version);
}

function refusedIn(
  state: RegisterState,
  { condition, version }: RegisterRefusal,
  named: NamedStates,
): RegisterState | undefined {
  const found = version === undefined ? (state.value === undefined ? state : undefined) : named.name(state, version);
  return found === undefined || mayHold(condition, found, named) ? undefined : found;
}

function mayHold(condition: RegisterCondition | undefined, state: RegisterState, named: NamedStates): boolean {
  if (condition === undefined) return true;
  if (condition.type === 'value') return condition.value === state.value;
  return named.name(state, condition.version) !== undefined;
}
