/**
 * A store and its model, taken through the same steps; after each step that reads, both must say the same. Iterators
 * and snapshots live on over later steps, and must go on telling of their moment.
 *
 * Tombstones whose version is released may go at any time; the model follows. All others must stay, and what is gone must
 * not come back, nor anything that it hid.
 */

import { expect } from 'vitest';
import { CrashableFileSystem, seededRandom } from '../contract/index.ts';
import type { BatchOperation, Decide, Snapshot, StorageEngine, StorageOptions, StoreReads } from '../core/index.ts';
import type { IteratorOptions, StorageIterator } from '../core/read/storage-iterator.ts';
import { ManualClock } from './manual-clock.ts';
import type { Step } from './model-steps.ts';
import { entryAt, fromEntry, fromKeyed, iterated, raw, unraw, written } from './model-store.ts';
import type { ModelEntry, ModelState, ModelWrite } from './model-store.ts';
import { ReleasedVersions } from './released-versions.ts';
import { openOn } from './store.ts';
import type { StoreOverrides } from './store.ts';

/** An iterator, and what it should give. */
interface OpenIterator {
  readonly subject: StorageIterator;
  readonly of: StoreReads;
  readonly reverse: boolean;
  readonly entries: readonly [string, ModelEntry][];
  at: number;
  left: number;
  ended: boolean;
}

interface OpenSnapshot {
  readonly subject: Snapshot;
  readonly state: ModelState;
}

export const highest: Decide = (current, incoming) => {
  return current !== undefined && unraw(current) >= unraw(incoming) ? 'keep' : 'replace';
};

export function operationOf(write: ModelWrite): BatchOperation {
  if (write.type === 'delete') return { type: 'delete', key: raw(write.key) };
  if (write.type === 'put') {
    const { key, value, meta, deadline } = write;
    return { type: 'put', key: raw(key), value: raw(value), meta: raw(meta), deadline };
  }
  return { type: 'delete-range', from: raw(write.from), to: write.to === undefined ? undefined : raw(write.to) };
}

export class ModelPair {
  readonly #clock: ManualClock = new ManualClock();
  readonly #released: ReleasedVersions = new ReleasedVersions();
  readonly #options: StorageOptions;
  readonly #overrides: StoreOverrides;
  #disk: CrashableFileSystem = new CrashableFileSystem();
  #engine: StorageEngine | undefined;
  #state: ModelState = new Map();
  /** States that a power loss may bring back: those since the last one that is surely durable, which is the first. */
  #since: ModelState[] = [this.#state];
  #iterators: OpenIterator[] = [];
  #snapshots: OpenSnapshot[] = [];

  constructor(options: StorageOptions, overrides: StoreOverrides) {
    this.#options = { ...options, purge: this.#released };
    this.#overrides = { ...overrides, clock: this.#clock };
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#step(step, await this.#open());
    const engine = await this.#open();
    this.#expectAll(engine, this.#followed(engine));
    for (const { subject, state } of this.#snapshots) this.#expectAll(subject, state);
    for (const [i, iterator] of this.#iterators.entries()) await this.#take(iterator, Infinity, i % 2 === 0);
    this.#letGo();
    await this.#clock.until(engine.compact());
    this.#expectAll(engine, this.#followed(engine));
    await this.#expectPurged(engine);
    const names = await this.#disk.list('');
    const { runs, valueFiles } = engine.stats();
    const ofKind = (suffix: string): number => names.filter((name) => name.endsWith(suffix)).length;
    expect([ofKind('.run'), ofKind('.values')]).toEqual([runs, valueFiles]);
    await this.#clock.until(engine.close());
  }

  async #open(): Promise<StorageEngine> {
    this.#engine ??= await openOn(this.#disk, this.#options, this.#overrides);
    return this.#engine;
  }

  async #step(step: Step, engine: StorageEngine): Promise<void> {
    const work = this.#begin(step, engine);
    if (work !== undefined) await this.#clock.until(work);
  }

  #begin(step: Step, engine: StorageEngine): Promise<void> | undefined {
    switch (step.do) {
      case 'write':
        return this.#write(engine, step.writes);
      case 'apply':
        return this.#apply(engine, step);
      case 'pass':
        this.#clock.advance(step.milliseconds);
        return undefined;
      case 'read':
        return this.#read(this.#reader(engine, step.from), step.key);
      case 'iterator':
        this.#beginIterator(this.#reader(engine, step.from), step.options);
        return undefined;
      case 'take':
      case 'seek':
        return this.#useIterator(step);
      case 'snapshot':
        this.#snapshots.push({ subject: engine.snapshot(), state: this.#followed(engine) });
        return undefined;
      case 'purge':
        this.#released.release(step.range, step.upTo);
        return undefined;
      case 'release':
        this.#release(step.which);
        return undefined;
      case 'compact-range':
        return engine.compactRange(raw(step.from), step.to === undefined ? undefined : raw(step.to));
      case 'reopen':
        return this.#reopen(engine);
      case 'crash':
        return this.#crash(engine, step.seed);
      case 'settled':
        return engine.settled();
      default:
        return engine[step.do]().then(() => void (this.#since = [this.#state]));
    }
  }

  async #write(engine: StorageEngine, writes: readonly ModelWrite[]): Promise<void> {
    this.#become(written(this.#state, writes));
    const [only] = writes;
    if (writes.length !== 1 || only === undefined) return engine.batch(writes.map(operationOf));
    if (only.type === 'delete') return engine.delete(raw(only.key));
    if (only.type === 'put') {
      return engine.put(raw(only.key), raw(only.value), { meta: raw(only.meta), deadline: only.deadline });
    }
    return engine.deleteRange(raw(only.from), only.to === undefined ? undefined : raw(only.to));
  }

  async #apply(engine: StorageEngine, { key, version, value, deadline }: Step & { do: 'apply' }): Promise<void> {
    const held = entryAt(this.#followed(engine), key, this.#clock.now());
    const keeps = held !== undefined && held.meta >= version;
    if (!keeps) this.#become(new Map([...this.#state, [key, { meta: version, value, deadline }]]));
    const offered = { meta: raw(version), value: value === undefined ? undefined : raw(value), deadline };
    const { outcome, meta } = await engine.apply(raw(key), offered, highest);
    const expected = keeps ? { outcome: 'kept', meta: held.meta } : { outcome: 'replaced', meta: version };
    expect({ outcome, meta: unraw(meta) }).toEqual(expected);
  }

  /** The state, after the tombstones that the engine let go are gone from it. */
  #followed(engine: StorageEngine): ModelState {
    const followed = this.#without(this.#state, (key) => engine.getMeta(raw(key)) === undefined);
    if (followed.size === this.#state.size) return this.#state;
    // They went for good: no power loss may bring them back.
    this.#since[this.#since.length - 1] = followed;
    this.#state = followed;
    return followed;
  }

  /** Leaves out what may be gone and is. */
  #without(state: ModelState, isGone: (key: string) => boolean): ModelState {
    const now = this.#clock.now();
    const left = [...state].filter(([key]) => {
      const entry = entryAt(state, key, now);
      return entry === undefined || !this.#released.mayBeGone(key, entry) || !isGone(key);
    });
    return new Map(left);
  }

  /** Of what nobody needs to find any more, a full compaction leaves nothing. */
  async #expectPurged(engine: StorageEngine): Promise<void> {
    const now = this.#clock.now();
    const left = [...this.#state].filter(([key]) => entryAt(this.#state, key, now)?.value !== undefined);
    for (const range of [0, 1] as const) this.#released.release(range, '9');
    await this.#clock.until(engine.compact());
    expect(engine.stats().runEntries).toBeLessThanOrEqual(left.length);
    this.#expectAll(engine, this.#followed(engine));
  }

  #become(state: ModelState): void {
    this.#state = state;
    this.#since.push(state);
  }

  /** The engine, or one of the snapshots. */
  #reader(engine: StorageEngine, from: number): { readonly subject: StoreReads; readonly state: ModelState } {
    return this.#snapshots[from] ?? { subject: engine, state: this.#followed(engine) };
  }

  async #read({ subject, state }: { subject: StoreReads; state: ModelState }, key: string): Promise<void> {
    const expected = entryAt(state, key, this.#clock.now());
    const tombstone = expected?.value === undefined;
    const entry = subject.getEntrySync(raw(key));
    expect(entry === undefined ? undefined : fromEntry(entry)).toEqual(expected);
    const meta = subject.getMeta(raw(key));
    const { meta: expectedMeta = '', deadline = 0 } = expected ?? {};
    expect(meta === undefined ? undefined : { ...meta, meta: unraw(meta.meta) }).toEqual(
      expected && { meta: expectedMeta, deadline, tombstone },
    );
    expect([subject.hasSync(raw(key)), await subject.has(raw(key))]).toEqual([!tombstone, !tombstone]);
    const value = expected?.value;
    const texts = (values: readonly (Uint8Array | undefined)[]): (string | undefined)[] => {
      return values.map((each) => (each === undefined ? undefined : unraw(each)));
    };
    const cold = subject.get(raw(key));
    const many = subject.getMany([raw(key), raw('never'), raw(key)]);
    expect(texts([subject.getSync(raw(key)), await cold, ...(await many)])).toEqual([
      value,
      value,
      value,
      undefined,
      value,
    ]);
  }

  #beginIterator({ subject, state }: { subject: StoreReads; state: ModelState }, options: IteratorOptions): void {
    this.#iterators.push({
      subject: subject.iterator(options),
      of: subject,
      reverse: options.reverse ?? false,
      entries: iterated(state, options, this.#clock.now()),
      at: 0,
      left: options.limit ?? Infinity,
      ended: false,
    });
  }

  async #useIterator(step: Step & { do: 'take' | 'seek' }): Promise<void> {
    const iterator = this.#iterators[step.which % Math.max(1, this.#iterators.length)];
    if (iterator === undefined) return;
    if (step.do === 'take') return this.#take(iterator, step.count, step.apart);
    if (iterator.ended) return;
    iterator.subject.seek(raw(step.key));
    const reached = iterator.entries.findIndex(([key]) => (iterator.reverse ? key <= step.key : key >= step.key));
    iterator.at = reached < 0 ? iterator.entries.length : reached;
  }

  /** `apart`: what is not in memory off the calling thread. */
  async #take(iterator: OpenIterator, count: number, apart: boolean): Promise<void> {
    const { subject, entries, at, left } = iterator;
    const wanted = Math.min(count, left);
    const expected = iterator.ended ? [] : entries.slice(at, wanted === Infinity ? undefined : at + wanted);
    const taken = (apart ? await subject.takeMany(count) : subject.nextv(count)).map(fromKeyed);
    expect(taken).toEqual(expected);
    iterator.at += taken.length;
    iterator.left -= taken.length;
    iterator.ended ||= taken.length < count;
  }

  /** Of a snapshot; its iterators end with it. */
  #release(which: number): void {
    const [released] = this.#snapshots.splice(which % Math.max(1, this.#snapshots.length), 1);
    if (released === undefined) return;
    released.subject.release();
    for (const { of, subject, ended } of this.#iterators) {
      if (of !== released.subject) continue;
      if (!ended) expect(() => subject.next()).toThrow('the snapshot was released');
      subject.close();
    }
    this.#iterators = this.#iterators.filter((iterator) => iterator.of !== released.subject);
  }

  #expectAll(subject: StoreReads, state: ModelState): void {
    const now = this.#clock.now();
    for (const reverse of [false, true]) {
      const options = { reverse, tombstones: true };
      expect([...subject.scan(options)].map(fromKeyed)).toEqual(iterated(state, options, now));
    }
  }

  #letGo(): void {
    for (const { subject } of this.#iterators.splice(0)) subject.close();
    for (const { subject } of this.#snapshots.splice(0)) subject.release();
  }

  async #reopen(engine: StorageEngine): Promise<void> {
    await engine.close();
    this.#iterators = [];
    this.#snapshots = [];
    this.#engine = undefined;
    this.#since = [this.#state];
    const again = await this.#open();
    this.#expectAll(again, this.#followed(again));
  }

  /** Afterwards one of the states is there that may be, and all goes on from that. */
  async #crash(engine: StorageEngine, seed: number): Promise<void> {
    this.#disk = this.#disk.afterPowerLoss(seededRandom(seed));
    await engine.close();
    this.#iterators = [];
    this.#snapshots = [];
    this.#engine = undefined;
    const after = await this.#open();
    const now = this.#clock.now();
    const all = { tombstones: true };
    const found = JSON.stringify([...after.scan(all)].map(fromKeyed));
    const allowed = this.#options.durability === 'group' ? this.#since.slice(-1) : this.#since;
    const states = allowed.map((state) => this.#without(state, (key) => after.getMeta(raw(key)) === undefined));
    const back = states.findLast((state) => JSON.stringify(iterated(state, all, now)) === found);
    if (back === undefined) expect(found).toEqual(JSON.stringify(iterated(this.#state, all, now)));
    this.#state = back as ModelState;
    this.#since = [this.#state];
  }
}
