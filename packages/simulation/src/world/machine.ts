/**
 * A machine: a name, a disk, a wall clock, and at most one incarnation of the program that runs on it. Crashing it ends
 * the incarnation and all its ports; the disk and the clock stay for the next one.
 */
import type { FileSystem } from '@kv/lsm-storage/core';
import type { CrashLosses, CrashOutcome } from './disk/crash.ts';
import { DiskCalls, type DiskCallListener } from './disk/disk-calls.ts';
import type { DiskOptions } from './disk/disk-options.ts';
import { SimulatedDisk } from './disk/simulated-disk.ts';
import { SimulatedFileSystem } from './disk/simulated-file-system.ts';
import { Incarnation } from './incarnation.ts';
import type { Endpoint, EndpointHandlers } from './network/endpoint.ts';
import type { SeededRandom } from './seeded-random.ts';
import { VirtualTimers } from './timers.ts';
import { WallClock } from './wall-clock.ts';
import type { World } from './world.ts';

export interface MachineOptions {
  readonly disk?: Partial<DiskOptions>;
  /** How far its wall clock starts ahead of the true time, in milliseconds. */
  readonly clockAheadMs?: number;
  /** Milliseconds that its wall clock gains in each millisecond. */
  readonly clockDrift?: number;
}

export class Machine {
  readonly name: string;
  readonly disk: SimulatedDisk;
  readonly wallClock: WallClock;
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #diskListeners: DiskCallListener[] = [];
  #endpoints: Endpoint[] = [];
  #incarnation: Incarnation | undefined;
  #lives = 0;

  constructor(world: World, name: string, { disk, clockAheadMs = 0, clockDrift = 0 }: MachineOptions = {}) {
    this.#world = world;
    this.#random = world.random.fork(`machine/${name}`);
    this.name = name;
    this.disk = new SimulatedDisk(disk);
    this.wallClock = new WallClock(() => world.scheduler.now, clockAheadMs, clockDrift);
  }

  /** The life it lives now; `undefined` while it is down. */
  get incarnation(): Incarnation | undefined {
    return this.#incarnation;
  }

  get running(): boolean {
    return this.#incarnation !== undefined;
  }

  /** Begins the next life. The machine must be down. */
  start(): Incarnation {
    if (this.#incarnation !== undefined) throw new TypeError(`${this.name} is running already`);
    this.#lives += 1;
    this.#incarnation = new Incarnation(this.#world.scheduler, this.#lives);
    this.#world.trace.record(this.#world.scheduler.now, 'start', this.name);
    return this.#incarnation;
  }

  /** Ends its life at once; the disk loses what the outcome says. */
  crash(outcome: CrashOutcome): CrashLosses {
    const { scheduler, trace, network } = this.#world;
    trace.record(scheduler.now, 'crash', this.name);
    this.#incarnation?.end();
    this.#incarnation = undefined;
    for (const endpoint of this.#endpoints) network.detach(endpoint);
    this.#endpoints = [];
    return this.disk.crash(this.#random.fork(`crash/${this.#lives}`), outcome);
  }

  /** Listens at an address of the network until it crashes. */
  listen(address: string, handlers: EndpointHandlers): Endpoint {
    const endpoint = this.#world.network.attach(address, this.#life(), handlers);
    this.#endpoints.push(endpoint);
    return endpoint;
  }

  /** Timers of the present life. */
  timers(): VirtualTimers {
    return new VirtualTimers(this.#world, this.#life(), this.name);
  }

  /** The disk as the present life may use it. */
  fileSystem(): FileSystem {
    const { scheduler, trace } = this.#world;
    const calls = new DiskCalls({
      scheduler,
      trace,
      random: this.#random.fork(`disk/${this.#lives}`),
      options: this.disk.options,
      incarnation: this.#life(),
      owner: this.name,
      listener: (kind, path) => this.#diskListeners.forEach((listener) => listener(kind, path)),
    });
    return new SimulatedFileSystem(this.disk, calls);
  }

  /** Random numbers of the present life. */
  randomOfLife(): SeededRandom {
    return this.#random.fork(`life/${this.#lives}`);
  }

  onDiskCall(listener: DiskCallListener): void {
    this.#diskListeners.push(listener);
  }

  #life(): Incarnation {
    if (this.#incarnation === undefined) throw new TypeError(`${this.name} is down: start it first`);
    return this.#incarnation;
  }
}
