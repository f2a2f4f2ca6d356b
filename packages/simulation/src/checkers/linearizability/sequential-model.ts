/** What an object does when operations come one at a time: the law that a concurrent history is held to. */

/**
 * States are compared by identity. An action that leaves one state as it is must leave every state so in which it can
 * take place: it is an observation, and another kind of thing than a change.
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
