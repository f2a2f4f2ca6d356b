/** What an object does when operations come one at a time: the law that a concurrent history is held to. */

/** States are compared by identity. */
export interface SequentialModel<State, Action> {
  readonly initial: State;
  /** Whether the action only tells of a state, and never makes another one of it. */
  isObservation(action: Action): boolean;
  /** The state after the action; the same one for an observation that is true of it, `undefined` if it cannot take place. */
  step(state: State, action: Action): State | undefined;
}

export interface TimedOperation<Action> {
  readonly action: Action;
  readonly startedAt: number;
  /** `Infinity`: nobody knows. It takes effect at any time after its beginning, or never. */
  readonly endedAt: number;
}
