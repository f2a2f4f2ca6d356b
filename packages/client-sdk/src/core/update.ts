/**
 * Read, change and write in one: by compare-and-set, until no other writer came between, or in a keyspace with siblings in
 * place of what was read.
 */
import { formatVersion, type Version } from '@kv/quorum';
import type { ChangeAnswer } from './change.ts';
import type { ClusterView } from './cluster.ts';
import { KvError } from './errors.ts';
import type { CallOptions } from './options.ts';
import type { ClientPorts } from './ports.ts';
import type { Receipt } from './receipt.ts';
import { contextText } from './siblings.ts';
import type { EncodedValue } from './value.ts';
import type { SiblingsAnswer, WriteAnswer } from './verdict.ts';

/** What the key has, `undefined`: no value. */
export type CurrentValue =
  | { readonly version: Version; readonly contentType: string; readonly bytes: Uint8Array }
  | undefined;

export interface UpdateAnswer {
  /** `unchanged`: there was no value, and there was to be none. */
  readonly outcome: 'applied' | 'unchanged';
  /** Of the write; `undefined` if nothing was written. */
  readonly version: Version | undefined;
  readonly receipt: Receipt;
}

export interface UpdateJob {
  readonly keyspace: string;
  readonly key: Uint8Array;
  /** What the key is to have; `undefined`: no value. Called again after each conflict. */
  readonly next: (current: CurrentValue) => Promise<EncodedValue | undefined>;
  readonly options: CallOptions & { readonly timeoutMs: number };
}

export interface UpdateSiblingsJob extends Omit<UpdateJob, 'next'> {
  /** What the key is to have in place of all that was read; `undefined`: no value. Called once. */
  readonly next: (read: SiblingsAnswer) => Promise<EncodedValue | undefined>;
}

export type UpdatePorts = Pick<ClientPorts, 'clock' | 'timers' | 'random'>;

const firstPauseMs = 4;
const longestPauseMs = 200;

/** @throws KvError `TIMEOUT` when others kept coming between until the deadline: then nothing was changed */
export async function update(cluster: ClusterView, ports: UpdatePorts, job: UpdateJob): Promise<UpdateAnswer> {
  const { keyspace, key, next, options } = job;
  const deadline = ports.clock.monotonicMs() + options.timeoutMs;
  const callOptions = (): CallOptions => ({ ...options, timeoutMs: remaining(ports, deadline) });
  let { current, receipt } = await read(cluster, job, callOptions());
  for (let conflicts = 0; ; conflicts += 1) {
    const value = await next(current);
    if (value === undefined && current === undefined) return { outcome: 'unchanged', version: undefined, receipt };
    const condition = current === undefined ? absent : ({ type: 'version', version: current.version } as const);
    const answer = await cluster.change(keyspace, key, value, { condition, wantCurrent: true }, callOptions());
    if (answer.outcome === 'applied') return answer;
    await pause(ports, conflicts, options.signal);
    remaining(ports, deadline, answer);
    ({ current, receipt } = currentIn(answer) ?? (await read(cluster, job, callOptions())));
  }
}

/** Once is enough where nothing is lost: what others wrote meanwhile stands beside what is written here. @throws KvError */
export async function updateSiblings(
  cluster: ClusterView,
  ports: UpdatePorts,
  { keyspace, key, next, options }: UpdateSiblingsJob,
): Promise<UpdateAnswer> {
  const deadline = ports.clock.monotonicMs() + options.timeoutMs;
  const read = await cluster.readSiblings(keyspace, key, options);
  const value = await next(read);
  const context = contextText(read.context);
  const writing = { ...options, context, timeoutMs: remaining(ports, deadline) };
  if (value !== undefined) return applied(await cluster.put(keyspace, key, value, writing));
  if (read.siblings.length > 0) return applied(await cluster.delete(keyspace, key, writing));
  return { outcome: 'unchanged', version: undefined, receipt: read.receipt };
}

function applied({ version, receipt }: WriteAnswer): UpdateAnswer {
  return { outcome: 'applied', version, receipt };
}

const absent = { type: 'absent' } as const;

interface Known {
  readonly current: CurrentValue;
  readonly receipt: Receipt;
}

async function read(cluster: ClusterView, { keyspace, key }: UpdateJob, options: CallOptions): Promise<Known> {
  const answer = await cluster.read(keyspace, key, options);
  return { current: answer.found ? answer : undefined, receipt: answer.receipt };
}

/** What a conflict told; `undefined` when it did not tell the value. */
function currentIn({ version, current, receipt }: Extract<ChangeAnswer, { outcome: 'conflict' }>): Known | undefined {
  if (version === undefined) return { current: undefined, receipt };
  return current && { current: { version, ...current }, receipt };
}

/** @throws KvError TIMEOUT */
function remaining(
  { clock }: UpdatePorts,
  deadline: number,
  conflict?: Extract<ChangeAnswer, { outcome: 'conflict' }>,
): number {
  const left = deadline - clock.monotonicMs();
  if (left >= 1) return left;
  const found =
    conflict?.version === undefined ? '' : `; the key had the version ${formatVersion(conflict.version)} last`;
  throw new KvError('TIMEOUT', `other writers came between until the deadline${found}`, {
    outcome: 'rejected',
    receipt: conflict?.receipt,
  });
}

/** Longer with each conflict and never the same, so that writers of one key get out of step. */
function pause({ timers, random }: UpdatePorts, conflicts: number, signal: AbortSignal | undefined): Promise<void> {
  const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(conflicts, 10));
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = timers.set(random.next() * longest, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}
