/**
 * A register for tests, of real acceptors and operations: a counter that every operation raises by one or reads, on a
 * network that reorders, duplicates, loses and refuses, as a seeded generator says.
 */
import { accept, type AcceptorReply, type AcceptorState, emptyAcceptor, prepare } from '../register/acceptor.ts';
import { noOperations, type OperationMemory, recall, remember } from '../register/operation-memory.ts';
import {
  type Change,
  RegisterOperation,
  type RegisterEffect,
  type RegisterRequest,
} from '../register/register-operation.ts';
import { RegisterRead, type RegisterReadEffect, type RegisterView } from '../register/register-read.ts';
import type { Voters } from '../register/voters.ts';
import type { Version } from '../version.ts';

export interface Counter {
  readonly count: number;
  readonly memory: OperationMemory<number>;
}

/** What a client saw, in steps of the run. */
export interface Observation {
  readonly kind: 'add' | 'read';
  readonly id: Version;
  readonly began: number;
  ended: number;
  outcome: 'done' | 'unavailable' | 'unknown' | 'pending';
  /** The count after the addition, or as read. */
  count: number;
}

export interface RegisterRunOptions {
  readonly voters: Voters;
  readonly operations: number;
  /** Chance that a message is lost, delivered twice, or refused. */
  readonly trouble: number;
  readonly random: { next(): number };
  /** What an operation does to the counter; default: adds one, once. */
  readonly change?: (id: Version) => (current: Counter | undefined) => Change<Counter, number>;
}

/** Adds one, unless this very operation has. */
export function addOnce(id: Version): (current: Counter | undefined) => Change<Counter, number> {
  return (current = { count: 0, memory: noOperations }) => {
    const known = recall(current.memory, id);
    if (known.kind === 'done') return { result: known.result };
    if (known.kind === 'forgotten') return { result: Number.NaN };
    const count = current.count + 1;
    return { next: { count, memory: remember(current.memory, id, count, 64) }, result: count };
  };
}

export class RegisterRun {
  readonly observations: Observation[] = [];
  readonly #options: RegisterRunOptions;
  readonly #acceptors = new Map<string, AcceptorState<Counter>>();
  /** Everything that may happen next; one is drawn at each step. */
  readonly #agenda: (() => void)[] = [];
  #step = 0;

  constructor(options: RegisterRunOptions) {
    this.#options = options;
    for (const voter of options.voters.all) this.#acceptors.set(voter, emptyAcceptor);
    for (let i = 0; i < options.operations; i += 1) this.#agenda.push(() => this.#begin(i));
  }

  /** Runs until nothing is left to happen. @throws Error when there is no end to it */
  run(): void {
    while (this.#agenda.length > 0) {
      this.#step += 1;
      if (this.#step > 100_000) throw new Error('operations that do not end');
      const [next] = this.#agenda.splice(Math.floor(this.#draw() * this.#agenda.length), 1);
      next?.();
    }
  }

  /** The counter as an operation on a quiet network finds it. */
  settled(): Counter | undefined {
    const quiet = new RegisterRun({ ...this.#options, operations: 0, trouble: 0 });
    for (const [voter, state] of this.#acceptors) quiet.#acceptors.set(voter, state);
    let found: Counter | undefined;
    quiet.#drive(
      idOf(9_999),
      (current) => ({ result: (found = current)?.count ?? 0 }),
      () => undefined,
    );
    quiet.run();
    return found;
  }

  #begin(number: number): void {
    const id = idOf(number);
    const kind = this.#draw() < 0.3 ? 'read' : 'add';
    const observation: Observation = { kind, id, began: this.#step, ended: Infinity, outcome: 'pending', count: 0 };
    this.observations.push(observation);
    const done = (outcome: Observation['outcome'], count = 0) =>
      Object.assign(observation, { outcome, count, ended: this.#step });
    if (kind === 'read') this.#read(id, done);
    else this.#drive(id, (this.#options.change ?? addOnce)(id), done);
  }

  #read(id: Version, done: (outcome: Observation['outcome'], count?: number) => void): void {
    const operation = new RegisterRead<Counter>(this.#options.voters);
    const carryOut = (effects: RegisterReadEffect<Counter>[]): void => {
      for (const effect of effects) {
        if (effect.type === 'query') {
          this.#send(
            () => viewOf(this.#acceptors.get(effect.to), effect.want),
            (view) => carryOut(operation.receive(effect.to, view)),
            () => carryOut(operation.fail(effect.to)),
          );
        } else if (effect.result.outcome === 'done') done('done', effect.result.accepted?.value.count);
        else if (effect.result.outcome === 'unavailable') done('unavailable');
        else this.#drive(id, (current) => ({ result: current?.count ?? 0 }), done);
      }
    };
    carryOut(operation.start());
    this.#agenda.push(() => this.#later(5, () => carryOut([...operation.standIn(), ...operation.late()])));
    if (this.#options.trouble > 0) this.#agenda.push(() => this.#later(20, () => carryOut(operation.expire())));
  }

  #drive(
    id: Version,
    change: (current: Counter | undefined) => Change<Counter, number>,
    done: (outcome: Observation['outcome'], count?: number) => void,
  ): void {
    const { voters, random } = this.#options;
    const operation = new RegisterOperation(voters, change, { proposer: `${id.ms}`, random });
    const carryOut = (effects: RegisterEffect<Counter, number>[]): void => {
      for (const effect of effects) {
        if (effect.type === 'pause') this.#agenda.push(() => carryOut(operation.wake(effect.attempt)));
        else if (effect.type === 'answer') {
          const { result } = effect;
          done(result.outcome, result.outcome === 'done' ? result.result : undefined);
        } else {
          this.#send(
            () => this.#serve(effect.to, effect.request),
            (reply) => carryOut(operation.receive(effect.to, effect.request.ballot, reply)),
            () => carryOut(operation.fail(effect.to, effect.request.ballot)),
          );
        }
      }
    };
    carryOut(operation.start());
    if (this.#options.trouble > 0) this.#agenda.push(() => this.#later(20, () => carryOut(operation.expire())));
  }

  #serve(voter: string, request: RegisterRequest<Counter>): AcceptorReply<Counter> {
    const state = this.#acceptors.get(voter) ?? emptyAcceptor;
    const step =
      request.type === 'prepare' ? prepare(state, request.ballot) : accept(state, request.ballot, request.value);
    this.#acceptors.set(voter, step.state);
    return step.reply;
  }

  #send<Reply>(serve: () => Reply, deliver: (reply: Reply) => void, fail: () => void): void {
    const { trouble } = this.#options;
    if (this.#draw() < trouble) return void (this.#draw() < 0.5 && this.#agenda.push(fail));
    const times = this.#draw() < trouble ? 2 : 1;
    for (let i = 0; i < times; i += 1) {
      this.#agenda.push(() => {
        const reply = serve();
        if (this.#draw() >= trouble) this.#agenda.push(() => deliver(reply));
      });
    }
  }

  #later(steps: number, run: () => void): void {
    this.#agenda.push(() => (steps === 0 ? run() : this.#later(steps - 1, run)));
  }

  #draw(): number {
    return this.#options.random.next();
  }
}

function viewOf(state: AcceptorState<Counter> | undefined, want: 'value' | 'ballot'): RegisterView<Counter> {
  const accepted = state?.accepted;
  return { accepted: want === 'value' || accepted === undefined ? accepted : { ballot: accepted.ballot } };
}

function idOf(number: number): Version {
  return { ms: number + 1, counter: 0, actor: '0'.repeat(32) };
}
