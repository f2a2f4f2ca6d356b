/**
 * Decides whether a history is linearizable (Herlihy and Wing 1990): whether its operations can be put into one order
 * that the model allows, each at a moment between its beginning and its end.
 *
 * The search of Wing and Gong (1993) with remembered configurations, in the just-in-time form of Lowe (2017): the
 * history is gone through in the order of time, with all configurations that are possible so far; operations take effect
 * only when one of them must have, because it ends. Three rules keep the configurations few. A true observation takes effect
 * at once: it changes nothing, so waiting gains nothing. Of operations of unknown outcome with the very same action the one
 * that began first takes effect first: nobody could tell. And what {@link Configurations} says of unknown outcomes.
 */
import { type Configuration, Configurations } from './configurations.ts';
import type { SequentialModel, TimedOperation } from './sequential-model.ts';

export type Verdict<State, Operation> =
  | { readonly type: 'linearizable' }
  /** No order has `operation` end when it did; `states`: all that was possible until then, before it. */
  | { readonly type: 'impossible'; readonly operation: Operation; readonly states: readonly State[] }
  /** More configurations than allowed: nothing is known. */
  | { readonly type: 'undecided'; readonly operation: Operation };

/** Configurations at one moment; of real histories a handful is usual. */
export const defaultMost = 100_000;

export function findOrder<State, Action, Operation extends TimedOperation<Action>>(
  model: SequentialModel<State, Action>,
  operations: readonly Operation[],
  most: number = defaultMost,
): Verdict<State, Operation> {
  const search = new Search<State, Action, Operation>(model, most);
  for (const { operation, begins } of momentsOf<Action, Operation>(operations)) {
    if (begins) search.begin(operation);
    else {
      const states = search.states();
      const outcome = search.end(operation);
      if (outcome === 'impossible') return { type: 'impossible', operation, states };
      if (outcome === 'undecided') return { type: 'undecided', operation };
    }
  }
  return { type: 'linearizable' };
}

interface Moment<Operation> {
  readonly operation: Operation;
  readonly at: number;
  readonly begins: boolean;
}

/** In the order of time. What ends in the moment in which another begins overlaps it. */
function momentsOf<Action, Operation extends TimedOperation<Action>>(
  operations: readonly Operation[],
): Moment<Operation>[] {
  const moments = operations.flatMap((operation): Moment<Operation>[] => [
    { operation, at: operation.startedAt, begins: true },
    ...(operation.endedAt === Infinity ? [] : [{ operation, at: operation.endedAt, begins: false }]),
  ]);
  return moments.sort((a, b) => a.at - b.at || Number(b.begins) - Number(a.begins));
}

/** An operation under way. */
interface Active<Action> {
  readonly action: Action;
  readonly bit: bigint;
  readonly isOpen: boolean;
}

class Search<State, Action, Operation extends TimedOperation<Action>> {
  readonly #model: SequentialModel<State, Action>;
  readonly #most: number;
  readonly #active = new Map<Operation, Active<Action>>();
  #configurations = new Configurations<State>();

  constructor(model: SequentialModel<State, Action>, most: number) {
    this.#model = model;
    this.#most = most;
    this.#configurations.add({ state: model.initial, closing: 0n, open: 0n });
  }

  states(): State[] {
    return this.#configurations.states();
  }

  begin(operation: Operation): void {
    const isOpen = operation.endedAt === Infinity;
    this.#active.set(operation, { action: operation.action, bit: this.#freeBit(isOpen), isOpen });
    this.#replace((configuration) => this.#observe(configuration));
  }

  /** Keeps the configurations in which the operation has taken effect, and makes those in which it does now. */
  end(operation: Operation): 'possible' | 'impossible' | 'undecided' {
    const ending = this.#active.get(operation);
    if (ending === undefined) throw new TypeError('an operation ended that had not begun');
    const after = new Configurations<State>();
    const before = new Configurations<State>();
    const waiting: Configuration<State>[] = [];
    const meet = (configuration: Configuration<State>): void => {
      if ((configuration.closing & ending.bit) !== 0n) after.add(configuration);
      else if (before.add(configuration)) waiting.push(configuration);
    };
    for (const configuration of this.#configurations) meet(configuration);
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const successor of this.#successors(next)) meet(successor);
      if (before.size + after.size > this.#most) return 'undecided';
    }
    this.#active.delete(operation);
    this.#configurations = after;
    this.#replace(({ state, closing, open }) => ({ state, closing: closing ^ ending.bit, open }));
    return after.size > 0 ? 'possible' : 'impossible';
  }

  #replace(change: (configuration: Configuration<State>) => Configuration<State>): void {
    const changed = new Configurations<State>();
    for (const configuration of this.#configurations) changed.add(change(configuration));
    this.#configurations = changed;
  }

  /** One operation more has taken effect. */
  #successors(configuration: Configuration<State>): Configuration<State>[] {
    const tried = new Set<Action>();
    return [...this.#active.values()].flatMap((active) => {
      if (hasDone(configuration, active) || (active.isOpen && tried.has(active.action))) return [];
      if (active.isOpen) tried.add(active.action);
      const state = this.#model.step(configuration.state, active.action);
      return state === undefined ? [] : [this.#observe(withDone({ ...configuration, state }, active))];
    });
  }

  /** Every observation under way that is true has been made. */
  #observe(configuration: Configuration<State>): Configuration<State> {
    let observed = configuration;
    for (const active of this.#active.values()) {
      if (active.isOpen || hasDone(observed, active) || !this.#model.isObservation(active.action)) continue;
      if (this.#model.step(observed.state, active.action) === observed.state) observed = withDone(observed, active);
    }
    return observed;
  }

  #freeBit(isOpen: boolean): bigint {
    let taken = 0n;
    for (const active of this.#active.values()) if (active.isOpen === isOpen) taken |= active.bit;
    let bit = 1n;
    while ((taken & bit) !== 0n) bit <<= 1n;
    return bit;
  }
}

function hasDone<State>({ closing, open }: Configuration<State>, { bit, isOpen }: Active<unknown>): boolean {
  return ((isOpen ? open : closing) & bit) !== 0n;
}

function withDone<State>(
  { state, closing, open }: Configuration<State>,
  { bit, isOpen }: Active<unknown>,
): Configuration<State> {
  return isOpen ? { state, closing, open: open | bit } : { state, closing: closing | bit, open };
}
