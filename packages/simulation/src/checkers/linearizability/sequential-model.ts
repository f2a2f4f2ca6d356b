/** What an object does when operations come one at a time: the law that a concurrent history is held to. */

/**
 * States are compared by identity. Where an action leaves the state as it is, nothing must be lost by its taking place: whatever
 * can come after it elsewhere must be able to come without it there. So it is with what only tells of a state.
 */
export interface SequentialModel<State, Action> {
  readonly initial: State;
  /** The state after the action; the same one for an observation that is true of it, `undefined` if it cannot take place. */
  step(state: State, action: Action): State | undefined;
}

export interface TimedOperation<Action> {
  readonly action: Action;
  readonly startedAt: number;
  /** `Infinity`: nobody knows. It takes effect at any time after its beginning, or never. */
  readonly endedAt: number;
}
