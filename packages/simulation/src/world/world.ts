/**
 * A world made from a seed: virtual time, a network and machines. Whatever runs in it and takes time, randomness,
 * network and disk from it alone runs the same way every time.
 */
import { FaultLog } from './fault-log.ts';
import { Machine, type MachineOptions } from './machine.ts';
import { Network } from './network/network.ts';
import type { NetworkOptions } from './network/network-options.ts';
import { Scheduler } from './scheduler.ts';
import { SeededRandom } from './seeded-random.ts';
import { Trace } from './trace.ts';

export interface WorldOptions {
  readonly seed: number | string;
  readonly network?: Partial<NetworkOptions>;
  /** How many operations are under way, for the count of faults that hit some. */
  readonly operationsUnderWay?: () => number;
  /** Hears every line of the trace. Slow: for finding the first difference between two runs. */
  readonly onTrace?: (line: string) => void;
}

export class World {
  readonly scheduler: Scheduler = new Scheduler();
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly faults: FaultLog;
  readonly network: Network;
  readonly #machines = new Map<string, Machine>();

  constructor({ seed, network, operationsUnderWay, onTrace }: WorldOptions) {
    this.random = new SeededRandom(seed);
    this.trace = new Trace(onTrace);
    this.faults = new FaultLog(operationsUnderWay);
    const { scheduler, trace, faults } = this;
    this.network = new Network({ scheduler, trace, faults, random: this.random.fork('network') }, network);
  }

  /** Virtual milliseconds since the beginning. */
  get now(): number {
    return this.scheduler.now;
  }

  /** A machine that is not started yet; its name must be new. */
  machine(name: string, options?: MachineOptions): Machine {
    if (this.#machines.has(name)) throw new TypeError(`there is a machine ${name} already`);
    const machine = new Machine(this, name, options);
    this.#machines.set(name, machine);
    return machine;
  }

  machines(): readonly Machine[] {
    return [...this.#machines.values()];
  }

  /** Lets `milliseconds` of virtual time pass, or less when `enough` says so. */
  run(milliseconds: number, enough?: () => boolean): Promise<void> {
    return this.scheduler.runUntil(this.scheduler.now + milliseconds, enough);
  }
}
