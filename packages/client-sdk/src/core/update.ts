/**
 * Read, change and write in one: by compare-and-set, until no other writer came between, or in a keyspace with siblings in
 * place of what was read.
 */
import { formatVersion, type Version } from '@kv/quorum';
import type { Call } from './call.ts';
import type { ChangeAnswer } from './change.ts';
import { KvError } from './errors.ts';
import type { KeyspaceCall } from './keyspace-call.ts';
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
  readonly key: Uint8Array;
  /** What the key is to have; `undefined`: no value. Called again after each conflict. */
  readonly next: (current: CurrentValue) => Promise<EncodedValue | undefined>;
  readonly options: CallOptions;
  readonly call: Call;
}

export interface UpdateSiblingsJob extends Omit<UpdateJob, 'next' | 'call'> {
  /** What the key is to have in place of all that was read; `undefined`: no value. Called once. */
  readonly next: (read: SiblingsAnswer) => Promise<EncodedValue | undefined>;
}

export type UpdatePorts = Pick<ClientPorts, 'clock' | 'timers' | 'random'>;

const firstPauseMs = 4;
const longestPauseMs = 200;

/** @throws KvError `TIMEOUT` when others kept coming between until the deadline: then nothing was changed */
export async function update(inside: KeyspaceCall, ports: UpdatePorts, job: UpdateJob): Promise<UpdateAnswer> {
  const { key, next, options, call } = job;
  let { current, receipt } = await read(inside, job);
  for (let conflicts = 0; ; conflicts += 1) {
    const value = await next(current);
    if (value === undefined && current === undefined) return { outcome: 'unchanged', version: undefined, receipt };
    const condition = current === undefined ? absent : ({ type: 'version', version: current.version } as const);
    const answer = await inside.change(key, value, { condition, wantCurrent: true }, options);
    if (answer.outcome === 'applied') return answer;
    await pause(ports, conflicts, call);
    if (call.deadline - ports.clock.monotonicMs() < 1) throw outrun(answer);
    ({ current, receipt } = currentIn(answer) ?? (await read(inside, job)));
  }
}

/** Once is enough where nothing is lost: what others wrote meanwhile stands beside what is written here. @throws KvError */
export async function updateSiblings(
  inside: KeyspaceCall,
  { key, next, options }: UpdateSiblingsJob,
): Promise<UpdateAnswer> {
  const read = await inside.readSiblings(key, options);
  const value = await next(read);
  const writing = { ...options, context: contextText(read.context) };
  if (value !== undefined) return applied(await inside.put(key, value, writing));
  if (read.siblings.length > 0) return applied(await inside.delete(key, writing));
  return { outcome: 'unchanged', version: undefined, receipt: read.receipt };
}

function applied({ version, receipt }: WriteAnswer): UpdateAnswer {
  return { outcome: 'applied', version, receipt };
}

const absent = { type: 'absent' } as const;

type Conflict = Extract<ChangeAnswer, { outcome: 'conflict' }>;

interface Known {
  readonly current: CurrentValue;
  readonly receipt: Receipt;
}

async function read(inside: KeyspaceCall, { key, options }: UpdateJob): Promise<Known> {
  const answer = await inside.read(key, options);
  return { current: answer.found ? answer : undefined, receipt: answer.receipt };
}

/** What a conflict told; `undefined` when it did not tell the value. */
function currentIn({ version, current, receipt }: Conflict): Known | undefined {
  if (version === undefined) return { current: undefined, receipt };
  return current && { current: { version, ...current }, receipt };
}

function outrun({ version, receipt }: Conflict): KvError {
  const found = version === undefined ? '' : `; the key had the version ${formatVersion(version)} last`;
  const message = `other writers came between until the deadline${found}`;
  return new KvError('TIMEOUT', message, { outcome: 'rejected', receipt });
}

/** Longer with each conflict and never the same, so that writers of one key get out of step; by the deadline it is over. */
function pause({ clock, timers, random }: UpdatePorts, conflicts: number, { deadline, signal }: Call): Promise<void> {
  const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(conflicts, 10));
  const pauseMs = Math.min(random.next() * longest, deadline - clock.monotonicMs());
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = timers.set(pauseMs, end);
    signal?.addEventListener('abort', end, { once: true });
  });
}
