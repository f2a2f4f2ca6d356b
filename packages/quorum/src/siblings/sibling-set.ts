/**
 * What is known of a key on which writes may be concurrent: its siblings, each with the dot of its write, and the context,
 * which says of which writes this is the sum. A write tells what it has seen by the context that its client read; it
 * replaces the siblings in there and stands beside all others, so that concurrent writers never lose an update silently
 * (dotted version vector sets: Preguiça et al. 2010, Almeida et al. 2014).
 *
 * Sets are immutable. Merging is commutative, associative and idempotent.
 */
import { SiblingError } from '../errors.ts';
import { compareVersions, sameVersion, type Version } from '../version.ts';

/** Names one write for ever. An actor's later writes have higher counters; there may be gaps. */
export interface Dot {
  readonly actor: string;
  /** From 1. */
  readonly counter: number;
}

/** Of each actor the highest counter known; whoever knows it knows all of the actor's earlier writes: a version vector. */
export type Context = ReadonlyMap<string, number>;

export interface Sibling<Value> {
  readonly dot: Dot;
  /** The same for every try of one write. */
  readonly id: Version;
  readonly value: Value;
}

export interface SiblingSet<Value> {
  readonly context: Context;
  /** In the order of their ids, so that equal sets look equal. None: the key is deleted, or was never written. */
  readonly siblings: readonly Sibling<Value>[];
  /** The writes with the highest ids and their dots, siblings or replaced since: a write tried again is found here. */
  readonly writes: readonly RememberedWrite[];
}

export interface RememberedWrite {
  readonly id: Version;
  readonly dot: Dot;
}

export interface SiblingWrite<Value> {
  /** Who gives the dot: an owner of the key, one at a time. */
  readonly actor: string;
  readonly id: Version;
  /** What the writer had read; empty: nothing, then it replaces nothing. */
  readonly context: Context;
  /** `undefined`: deletes what the context covers. */
  readonly value: Value | undefined;
  /**
   * The dot's counter is above this, default 0. An actor that may forget a set (its deletion was purged, its disk damaged)
   * passes what no earlier counter of it has reached, for instance its clock: a dot that was given twice would be dropped as
   * known by whoever remembers the first one.
   */
  readonly above?: number;
}

export interface SiblingLimits {
  /**
   * A put that would leave more siblings than this is refused; default 32. What each of N actors has let in is all that
   * merging can ever bring together: at most N times as many.
   */
  readonly siblings?: number;
  /** Writes that are remembered for being tried again; default 32. */
  readonly writes?: number;
}

const mostSiblings = 32;
const mostWrites = 32;

export const noSiblings: SiblingSet<never> = { context: new Map(), siblings: [], writes: [] };

/**
 * The set with one write more; the same set if it has that write already.
 * @throws SiblingError TOO_MANY_SIBLINGS when its context covers too little: the writers of this key do not read before they
 *   write. WRITE_TOO_OLD when it may be one of those that were forgotten: whether it was made before, nobody knows
 */
export function writeSibling<Value>(
  set: SiblingSet<Value>,
  { actor, id, context, value, above = 0 }: SiblingWrite<Value>,
  limits: SiblingLimits = {},
): SiblingSet<Value> {
  if (set.writes.some((write) => sameVersion(write.id, id))) return set;
  const [oldest] = set.writes;
  const remembered = limits.writes ?? mostWrites;
  if (oldest !== undefined && set.writes.length >= remembered && compareVersions(id, oldest.id) < 0) {
    throw new SiblingError('WRITE_TOO_OLD', `a write is remembered for ${remembered} later ones, this one is older`);
  }
  const dot = { actor, counter: Math.max(set.context.get(actor) ?? 0, above) + 1 };
  const kept = set.siblings.filter((sibling) => !covers(context, sibling.dot));
  const siblings = value === undefined ? kept : [...kept, { dot, id, value }];
  const most = limits.siblings ?? mostSiblings;
  if (value !== undefined && siblings.length > most) {
    const message = `a key has at most ${most} siblings, this write would be number ${siblings.length}: read, reconcile, write`;
    throw new SiblingError('TOO_MANY_SIBLINGS', message);
  }
  return {
    context: joined(joined(set.context, context), new Map([[actor, dot.counter]])),
    siblings: inOrder(siblings),
    writes: highestWrites([...set.writes, { id, dot }], remembered),
  };
}

/** What both know: a sibling of one stays unless the other has seen its write and no longer has it. */
export function mergeSiblings<Value>(
  a: SiblingSet<Value>,
  b: SiblingSet<Value>,
  limits: SiblingLimits = {},
): SiblingSet<Value> {
  const both = a.siblings.filter((sibling) => b.siblings.some((other) => sameDot(other.dot, sibling.dot)));
  const onlyA = a.siblings.filter((sibling) => !covers(b.context, sibling.dot));
  const onlyB = b.siblings.filter((sibling) => !covers(a.context, sibling.dot));
  const unknown = b.writes.filter((write) => !a.writes.some((known) => sameDot(known.dot, write.dot)));
  return {
    context: joined(a.context, b.context),
    siblings: inOrder([...both, ...onlyA, ...onlyB]),
    writes: highestWrites([...a.writes, ...unknown], limits.writes ?? mostWrites),
  };
}

/** What a reader is shown: a write that two owners gave a dot, because it was tried at both, shows once. */
export function visibleSiblings<Value>({ siblings }: SiblingSet<Value>): readonly Sibling<Value>[] {
  return siblings.filter((sibling, i) => i === 0 || !sameVersion(sibling.id, (siblings[i - 1] as Sibling<Value>).id));
}

/** Whether every write in `a` is known in `b`. */
export function isWithin(a: Context, b: Context): boolean {
  for (const [actor, counter] of a) if ((b.get(actor) ?? 0) < counter) return false;
  return true;
}

function covers(context: Context, { actor, counter }: Dot): boolean {
  return (context.get(actor) ?? 0) >= counter;
}

function joined(a: Context, b: Context): Context {
  const all = new Map(a);
  for (const [actor, counter] of b) all.set(actor, Math.max(all.get(actor) ?? 0, counter));
  return all;
}

function inOrder<Value>(siblings: Sibling<Value>[]): Sibling<Value>[] {
  return siblings.sort(compareWrites);
}

/** What is kept of a union depends on nothing but the union, or merging would not be associative. */
function highestWrites(writes: RememberedWrite[], most: number): RememberedWrite[] {
  return writes.sort(compareWrites).slice(-most);
}

function compareWrites(a: RememberedWrite, b: RememberedWrite): number {
  return compareVersions(a.id, b.id) || compareDots(a.dot, b.dot);
}

function compareDots(a: Dot, b: Dot): number {
  return a.counter - b.counter || (a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : 0);
}

function sameDot(a: Dot, b: Dot): boolean {
  return compareDots(a, b) === 0;
}
