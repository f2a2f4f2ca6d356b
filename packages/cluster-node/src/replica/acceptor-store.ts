/**
 * This member's acceptors: one for each key of a strong keyspace that it owns, its state an entry of the storage engine.
 * States change through `prepare` and `accept` alone, atomically inside the engine, and nothing is answered before it is
 * durable: a promise that a crash makes forgotten is a lie.
 */
import type { Decide, StorageEngine } from '@kv/lsm-storage/core';
import {
  accept,
  type AcceptorState,
  type AcceptorStep,
  type Ballot,
  compareBallots,
  compareStamps,
  emptyAcceptor,
  type HybridLogicalClock,
  prepare,
  type Stamp,
  type Version,
} from '@kv/quorum';
import {
  type AcceptedRegister,
  type AcceptReply,
  bytesOfBallot,
  copyBytes,
  decodeRegisterMeta,
  decodeRegisterValue,
  encodeAcceptorKey,
  encodeRegisterMeta,
  encodeRegisterValue,
  isTombstoneMeta,
  type PrepareReply,
  type RegisterMeta,
  type RegisterQueryReply,
  type RegisterValue,
  type RegisterWant,
  versionOfMeta,
} from '@kv/wire';
import type { BallotCeiling } from '../clock/ballot-ceiling.ts';
import type { Counters } from '../counters.ts';
import type { Deletions } from '../purge/deletions.ts';
import { promiseUnder, sealedBallot } from '../purge/sealed-ballot.ts';
import type { Watermarks } from '../purge/watermarks.ts';
import { tombstoneRecord } from '../record.ts';
import type { VersionChange, WriteNote } from '../repair/range-tree.ts';
import type { RangeTrees } from '../repair/range-trees.ts';
import { PromiseTurns, type PromiseTurnsDependencies } from './promise-turns.ts';
import type { StorageFailures, WriteFailure } from '../storage-failures.ts';
import type { Topology } from '../topology/topology.ts';
import { nameOfPlace, type RecordPlace } from './replica.ts';

/** What an acceptor may do with a ballot. */
export interface AcceptorRules {
  readonly prepare: typeof prepare;
  readonly accept: typeof accept;
}

export interface AcceptorStoreDependencies extends PromiseTurnsDependencies {
  readonly engine: Pick<StorageEngine, 'apply' | 'getMeta' | 'getEntrySync'>;
  readonly counters: Counters;
  readonly hlc: HybridLogicalClock;
  readonly trees: RangeTrees;
  readonly failures: StorageFailures;
  readonly watermarks: Watermarks;
  readonly deletions: Deletions;
  readonly ceiling: BallotCeiling;
  readonly topology: () => Topology;
}

/** `UNKNOWN_KEYSPACE`: it was dropped, and what it held erased, while the request waited here; nothing was done. */
export type AcceptorFailure = WriteFailure | 'UNKNOWN_KEYSPACE';

/** What was accepted, as it is stored; read only where it is needed. */
type StoredValue = () => Uint8Array;

/** How a state is stored: the value beside its version and whether it is a deletion, which a promise leaves as they are. */
interface Judged {
  readonly step: AcceptorStep<StoredValue>;
  readonly version: Version;
  readonly deleted: boolean;
}

interface MetaFields extends Pick<Judged, 'version' | 'deleted'> {
  readonly promised: Ballot | undefined;
  readonly accepted: Ballot | undefined;
}

const noBytes = new Uint8Array(0);
const noVersion: Version = { ms: 0, counter: 0, actor: '0'.repeat(32) };

export class AcceptorStore {
  readonly #dependencies: AcceptorStoreDependencies;
  readonly #rules: AcceptorRules;
  readonly #turns: PromiseTurns;

  constructor(dependencies: AcceptorStoreDependencies, rules: AcceptorRules = { prepare, accept }) {
    this.#dependencies = dependencies;
    this.#rules = rules;
    this.#turns = new PromiseTurns(dependencies);
  }

  /**
   * Calls back when what it then promises is durable, or with what kept it from being so; not at all if its turn does not
   * come before the deadline, in monotonic milliseconds.
   */
  prepare(
    place: RecordPlace,
    { ballot, deadline }: { readonly ballot: Ballot; readonly deadline: number },
    done: (reply: PrepareReply) => void,
    failed: (failure: AcceptorFailure) => void,
  ): void {
    const enter = (): void =>
      this.#turns.enter(nameOfPlace(place), deadline, () => this.#prepare(place, ballot, done, failed));
    this.#dependencies.ceiling.cover(ballot, enter, failed);
  }

  #prepare(
    place: RecordPlace,
    ballot: Ballot,
    done: (reply: PrepareReply) => void,
    failed: (failure: AcceptorFailure) => void,
  ): void {
    if (this.#isDropped(place)) return failed('UNKNOWN_KEYSPACE');
    let reply: PrepareReply = { type: 'prepare-reply', outcome: 'promised' };
    const { watermark } = this.#dependencies.watermarks.of(place);
    const judge = (state: AcceptorState<StoredValue>, meta: RegisterMeta | undefined): Judged => {
      const step = this.#rules.prepare(state, ballot);
      if (step.state !== state) this.#turns.began(nameOfPlace(place));
      if (step.reply.type === 'outbid') reply = { ...reply, outcome: 'outbid', promised: step.reply.promised };
      else if (step.reply.type === 'promised' && step.reply.accepted !== undefined) {
        const { ballot: under, value } = step.reply.accepted;
        reply = { ...reply, outcome: 'promised', accepted: { ballot: under, value: decodeRegisterValue(value()) } };
      } else if (watermark.ms > 0) reply = { ...reply, outcome: 'promised', accepted: purgedRegister(watermark) };
      return { step, version: meta?.version ?? noVersion, deleted: meta?.deleted ?? false };
    };
    this.#dependencies.counters.acceptorPrepares += 1;
    this.#apply(place, judge, () => done(this.#heardIn(reply)), failed);
  }

  /** As `prepare`. */
  accept(
    place: RecordPlace,
    ballot: Ballot,
    value: RegisterValue,
    done: (reply: AcceptReply) => void,
    failed: (failure: AcceptorFailure) => void,
  ): void {
    this.#dependencies.ceiling.cover(ballot, () => this.#accept(place, ballot, value, done, failed), failed);
  }

  #accept(
    place: RecordPlace,
    ballot: Ballot,
    value: RegisterValue,
    done: (reply: AcceptReply) => void,
    failed: (failure: AcceptorFailure) => void,
  ): void {
    if (this.#isDropped(place)) return failed('UNKNOWN_KEYSPACE');
    const bytes = encodeRegisterValue(value);
    let isAccepted = false;
    let reply: AcceptReply = { type: 'accept-reply', outcome: 'accepted' };
    const judge = (state: AcceptorState<StoredValue>): Judged => {
      const step = this.#rules.accept(state, ballot, () => bytes);
      isAccepted = step.reply.type === 'accepted';
      if (step.reply.type === 'outbid') {
        reply = { type: 'accept-reply', outcome: 'outbid', promised: step.reply.promised };
      }
      return { step, version: versionOfMeta(value.meta), deleted: isTombstoneMeta(value.meta) };
    };
    this.#dependencies.counters.acceptorAccepts += 1;
    this.#apply(place, judge, () => done(reply), failed);
    if (isAccepted) this.#turns.accepted(nameOfPlace(place));
  }

  /**
   * Forgets a deletion, or a mere promise, of which nothing lies above the range's watermark: whatever it refused is refused by
   * the seal from then on. `done`: whether it did.
   */
  purge(place: RecordPlace, done: (purged: boolean) => void): void {
    const { engine, trees, failures, counters } = this.#dependencies;
    const { watermark } = this.#dependencies.watermarks.of(place);
    const tree = trees.of(place);
    let before: Uint8Array | undefined;
    let note: WriteNote = false;
    let purged = false;
    const decide: Decide = (current, _, currentValue) => {
      if (current === undefined) return 'keep';
      const meta = decodeRegisterMeta(current);
      if (!isForgettable(meta, stateOf(meta, currentValue), watermark)) return 'keep';
      purged = true;
      before = bytesOf(meta.accepted);
      if (before !== undefined) note = tree?.writing(place.key, before) ?? false;
      return { meta: noBytes, value: undefined };
    };
    const key = encodeAcceptorKey(place.partition, place.keyspaceId, place.key);
    engine.apply(key, { meta: noBytes, value: undefined }, decide).then(
      () => {
        if (before !== undefined) tree?.written(place.key, { before, after: undefined }, note);
        if (purged) counters.deletionsPurged += 1;
        done(purged);
      },
      (error: unknown) => {
        if (before !== undefined) tree?.notWritten(place.key, note);
        failures.ofWrite(error, () => done(false));
      },
    );
  }

  /** What is durable. @throws StorageError when what is stored is damaged */
  query(place: RecordPlace, want: RegisterWant): RegisterQueryReply {
    this.#dependencies.counters.acceptorQueries += 1;
    try {
      return this.#query(place, want);
    } catch (error) {
      this.#dependencies.failures.damage.tell(error);
      throw error;
    }
  }

  #query({ partition, keyspaceId, key }: RecordPlace, want: RegisterWant): RegisterQueryReply {
    const { engine, hlc, watermarks } = this.#dependencies;
    const acceptorKey = encodeAcceptorKey(partition, keyspaceId, key);
    const entry = want === 'value' ? engine.getEntrySync(acceptorKey) : engine.getMeta(acceptorKey);
    const sealed = watermarks.settled({ partition, keyspaceId });
    if (entry === undefined) return promising(promiseUnder(sealed, undefined));
    const { version, promised, accepted } = decodeRegisterMeta(entry.meta);
    hlc.merge(version);
    const stored = 'value' in entry ? entry.value : undefined;
    const value = stored === undefined || accepted === undefined ? undefined : decodeRegisterValue(stored);
    return {
      ...promising(promiseUnder(sealed, promised)),
      ...(accepted !== undefined && {
        accepted: { ballot: accepted, version, ...(value !== undefined && { value }) },
      }),
    };
  }

  #apply(
    place: RecordPlace,
    judge: (state: AcceptorState<StoredValue>, meta: RegisterMeta | undefined) => Judged,
    done: () => void,
    failed: (failure: WriteFailure) => void,
  ): void {
    const { engine, trees, failures, watermarks, deletions } = this.#dependencies;
    const tree = trees.of(place);
    let change: VersionChange | undefined;
    let note: WriteNote = false;
    let isDeletion = false;
    const decide: Decide = (current, _, currentValue) => {
      const meta = current === undefined ? undefined : decodeRegisterMeta(current);
      const state = promisedUnder(watermarks.of(place).sealed, stateOf(meta, currentValue));
      const { step, version, deleted } = judge(state, meta);
      const { promised, accepted } = step.state;
      if (step.state === state) return 'keep';
      isDeletion = deleted;
      if (deleted) deletions.note(place);
      if (tree !== undefined && accepted !== state.accepted) {
        change = { before: bytesOf(state.accepted?.ballot), after: bytesOf(accepted?.ballot) };
        note = tree.writing(place.key, change.before);
      }
      const fields = { version, deleted, promised, accepted: accepted?.ballot };
      return { meta: metaOf(fields), value: accepted?.value() ?? noBytes };
    };
    const key = encodeAcceptorKey(place.partition, place.keyspaceId, place.key);
    const applied = (): void => {
      failures.room.wasThere();
      if (change !== undefined) tree?.written(place.key, change, note);
      // Once more: a sweep that passed meanwhile has not seen it, and may have forgotten the note.
      if (isDeletion) deletions.note(place);
      done();
    };
    const notApplied = (error: unknown): void => {
      if (change !== undefined) tree?.notWritten(place.key, note);
      failures.ofWrite(error, failed);
    };
    engine.apply(key, { meta: noBytes, value: noBytes }, decide).then(applied, notApplied);
  }

  /** What is written to a keyspace behind its erasure would stay for ever. */
  #isDropped({ keyspaceId }: RecordPlace): boolean {
    return this.#dependencies.topology().keyspaceById(keyspaceId) === undefined;
  }

  /** As with every version that leaves: the stamp of the frame must not be before one inside it. */
  #heardIn(reply: PrepareReply): PrepareReply {
    if (reply.outcome === 'promised' && reply.accepted !== undefined) {
      this.#dependencies.hlc.merge(versionOfMeta(reply.accepted.value.meta));
    }
    return reply;
  }
}

/** The bytes of `currentValue` are the engine's: what is kept of them is a copy. */
function stateOf(
  meta: RegisterMeta | undefined,
  currentValue: () => Uint8Array | undefined,
): AcceptorState<StoredValue> {
  if (meta === undefined) return emptyAcceptor;
  const { promised, accepted } = meta;
  let copy: Uint8Array | undefined;
  const value = (): Uint8Array => (copy ??= copyBytes(currentValue() ?? noBytes));
  return { promised, accepted: accepted && { ballot: accepted, value } };
}

function promising(promised: Ballot | undefined): RegisterQueryReply {
  return { type: 'register-query-reply', ...(promised !== undefined && { promised }) };
}

function promisedUnder(sealed: Stamp, state: AcceptorState<StoredValue>): AcceptorState<StoredValue> {
  const promised = promiseUnder(sealed, state.promised);
  return promised === state.promised ? state : { ...state, promised };
}

function metaOf({ version, deleted, promised, accepted }: MetaFields): Uint8Array {
  const ballots = { ...(promised !== undefined && { promised }), ...(accepted !== undefined && { accepted }) };
  return encodeRegisterMeta({ version, deleted, ...ballots });
}

/**
 * What a register of which nothing is stored may have been: a deletion that was purged, and with it what it remembered of
 * operations. Its ballot is below all that were ever taken, so anything that is stored elsewhere counts before it.
 */
function purgedRegister({ ms, counter }: Stamp): AcceptedRegister {
  const version: Version = { ms, counter, actor: noVersion.actor };
  const value = { ...tombstoneRecord(version), memory: { recent: [], forgotten: { ms, counter } } };
  return { ballot: { counter: 0, proposer: '' }, value };
}

/** Whether nothing of a deletion, nor of a mere promise, lies above the watermark. */
function isForgettable(meta: RegisterMeta, { accepted }: AcceptorState<StoredValue>, watermark: Stamp): boolean {
  const bound = sealedBallot(watermark);
  if (meta.promised !== undefined && compareBallots(meta.promised, bound) >= 0) return false;
  if (accepted === undefined) return true;
  if (!meta.deleted || compareBallots(accepted.ballot, bound) >= 0) return false;
  const { recent, forgotten } = decodeRegisterValue(accepted.value()).memory;
  const stamps: readonly Stamp[] = [
    meta.version,
    ...recent.map(({ id }) => id),
    ...(forgotten === undefined ? [] : [forgotten]),
  ];
  return stamps.every((stamp) => compareStamps(stamp, watermark) <= 0);
}

/** As trees count what was accepted. */
function bytesOf(ballot: Ballot | undefined): Uint8Array | undefined {
  return ballot === undefined ? undefined : bytesOfBallot(ballot);
}
