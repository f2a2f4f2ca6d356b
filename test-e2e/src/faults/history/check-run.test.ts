/**
 * The whole way from the SDK's calls to the verdict: a keyspace that behaves is found to, and one that breaks a promise
 * is found out by the check of that promise.
 */
import { type Entry, KvError, type Receipt, type SetOptions, type WriteResult } from '@kv/client-sdk';
import { formatVersion, parseVersion } from '@kv/quorum';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkRun } from './check-run.ts';
import type { Answer, Intent } from './operation.ts';
import { type RecordableKeyspace, RecordedKeyspace } from './recorded-keyspace.ts';
import { Recorder } from './recorder.ts';

interface Stored {
  readonly value: string | undefined;
  readonly version: string;
}

const receipt = (mode: Receipt['mode'] = 'strict'): Receipt => {
  return { mode, epoch: 1, needed: 2, got: 2, replicas: [], repairs: { sent: 0, acknowledged: 0, needed: 0, held: 0 } };
};

/** A register for each key, in stamp order; what it does wrong is overridden. */
class Store implements RecordableKeyspace {
  readonly stored = new Map<string, Stored>();
  ms = 1000;

  async set(key: string, value: string, _options?: SetOptions): Promise<WriteResult> {
    return this.write(key, value);
  }

  async delete(key: string): Promise<WriteResult> {
    return this.write(key, undefined);
  }

  async getEntry(key: string): Promise<Entry<string>> {
    return this.entry(key, this.stored.get(key));
  }

  write(key: string, value: string | undefined): WriteResult {
    const version = this.nextVersion();
    this.stored.set(key, { value, version });
    return this.result(version);
  }

  entry(key: string, stored: Stored | undefined): Entry<string> {
    if (stored?.value === undefined) return { found: false, key, version: stored?.version, receipt: receipt() };
    const { value, version } = stored;
    return { found: true, expiresAt: undefined, key, value, version, contentType: 'text/plain', receipt: receipt() };
  }

  result(version: string): WriteResult {
    return { outcome: 'applied', version, winner: undefined, certain: true, receipt: receipt() };
  }

  nextVersion(): string {
    this.ms += 1;
    return formatVersion({ ms: this.ms, counter: 0, actor: 'a'.repeat(32) });
  }
}

type Step = 'put' | 'delete' | 'get';

async function checksOf(store: Store, steps: readonly Step[], faultFrom = Infinity, fault = (): void => undefined) {
  let now = 0;
  const recorder = new Recorder(
    () => false,
    () => (now += 1),
  );
  const keyspace = new RecordedKeyspace('c', store, recorder, { timeoutMs: 1000 });
  for (const [index, step] of steps.entries()) {
    if (index === faultFrom) fault();
    if (step === 'put') await keyspace.put('k', 2, 50);
    else if (step === 'delete') await keyspace.delete('k', 2);
    else await keyspace.get('k', 2);
  }
  await keyspace.get('k', 3, true);
  return new Set(checkRun(recorder.operations, [], 3).map(({ check }) => check));
}

it('finds nothing wrong with a keyspace that behaves', async () => {
  const steps = fc.array(fc.constantFrom<Step>('put', 'delete', 'get'), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      expect(await checksOf(new Store(), list)).toEqual(new Set());
    }),
  );
});

const steps: readonly Step[] = ['put', 'get', 'put', 'get', 'get'];

it.each<[string, string, Partial<Store>]>([
  ['acknowledges and forgets', 'no-lost-write', { write: (_key, _value) => new Store().result(atMs(2000)) }],
  ['never finds anything', 'read-after-write', { getEntry: async (key) => new Store().entry(key, undefined) }],
  [
    'finds what nobody wrote',
    'honest-outcomes',
    { entry: (key, _stored) => Store.prototype.entry.call(new Store(), key, { value: 'x', version: atMs(9000) }) },
  ],
  ['gives two writes one version', 'shared-version', { nextVersion: () => atMs(5000) }],
  ['stamps a write before what its client knew', 'own-writes-win', { nextVersion: decreasing() }],
  [
    'says that a request was wrong which was not',
    'unexpected-error',
    { getEntry: async () => Promise.reject(new KvError('INVALID_VALUE', 'no')) },
  ],
  [
    'fails with what is no error of the SDK',
    'unexpected-error',
    { set: async () => Promise.reject(new TypeError('x')) },
  ],
  [
    'does not say what became of a write',
    'unexpected-error',
    { set: async () => Promise.reject(new KvError('TIMEOUT', 'late')) },
  ],
  ['can never be read again', 'unread-key', { getEntry: async () => Promise.reject(new KvError('TIMEOUT', 'late')) }],
])('finds out one that %s', async (_what, check, wrong) => {
  expect(await checksOf(Object.assign(new Store(), wrong), steps)).toContain(check);
});

it('finds a rejected write that is there nevertheless, and a read that goes back', async () => {
  const store = new Store();
  const reject = (): void => {
    store.set = async (key, value) => {
      store.write(key, value);
      throw new KvError('TOO_FEW_REPLICAS', 'no', { outcome: 'rejected' });
    };
  };
  expect(await checksOf(store, steps, 2, reject)).toContain('honest-outcomes');
  const other = new Store();
  let old: Stored | undefined;
  const goBack = (): void => {
    other.getEntry = async (key) => {
      const now = old ?? other.stored.get(key);
      old = { value: undefined, version: atMs(1) };
      return other.entry(key, now);
    };
  };
  expect(await checksOf(other, steps, 3, goBack)).toContain('monotone-reads');
});

it('leaves unknown writes open, and asks nothing of reads behind a sloppy receipt', async () => {
  const unknown = new Store();
  unknown.set = async (key, value) => {
    if (unknown.ms % 2 === 0) unknown.write(key, value);
    unknown.ms += 1;
    throw new KvError('WRITE_UNKNOWN', 'perhaps', { outcome: 'unknown' });
  };
  expect(await checksOf(unknown, steps)).toEqual(new Set());
  const sloppy = new Store();
  let reads = 0;
  sloppy.getEntry = async (key) => {
    reads += 1;
    const stale = { ...sloppy.entry(key, undefined), receipt: receipt('sloppy') };
    return reads <= 3 ? stale : sloppy.entry(key, sloppy.stored.get(key));
  };
  expect(await checksOf(sloppy, steps)).toEqual(new Set());
});

it('judges what has no level, compare-and-set included, by whether one order explains it', async () => {
  let now = 0;
  const recorder = new Recorder(
    () => false,
    () => (now += 1),
  );
  const first = parseVersion(atMs(1));
  const run = (intent: Partial<Intent>, answer: Answer) =>
    recorder.run(recorder.nextId('c'), 'c', { kind: 'put', key: 'k', ...intent }, async () => answer);
  const swap = (value: string, ms: number) =>
    run(
      { value, condition: { type: 'version', version: first } },
      { outcome: 'applied', version: parseVersion(atMs(ms)) },
    );
  await run({ value: 'a' }, { outcome: 'applied', version: first });
  await swap('b', 2);
  await run({ kind: 'get', final: true }, { outcome: 'found', value: 'b', version: parseVersion(atMs(2)) });
  expect(checkRun(recorder.operations, [], 3)).toEqual([]);
  await swap('c', 3);
  expect(checkRun(recorder.operations, [], 3).map(({ check }) => check)).toEqual(['linearizability']);
});

it('records conditions as they were asked for, and a conflict with what was there', async () => {
  const store = new Store();
  const asked: object[] = [];
  store.set = async (key, value, options) => {
    asked.push(options ?? {});
    const stored = store.stored.get(key);
    const { ifMatch, ifAbsent = false } = options ?? {};
    if (ifAbsent ? stored === undefined : ifMatch === undefined || ifMatch === stored?.version) {
      return store.write(key, value);
    }
    throw new KvError('CONFLICT', 'no', { outcome: 'rejected', version: stored?.version });
  };
  const recorder = new Recorder(() => false);
  const strong = new RecordedKeyspace('c', store, recorder, { timeoutMs: 1000 });
  const absent = { type: 'value', value: undefined } as const;
  const first = await strong.put('k', undefined, 10, absent);
  const second = await strong.put('k', undefined, 10, { type: 'version', version: first.version! });
  const third = await strong.put('k', undefined, 10, { type: 'version', version: first.version! });
  await strong.get('k', undefined, true);
  expect([first, second, third].map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'conflict']);
  expect(third.version).toEqual(second.version);
  expect(asked).toMatchObject([{ ifAbsent: true }, { ifMatch: formatVersion(first.version!) }, {}]);
  expect(checkRun(recorder.operations, [], 3)).toEqual([]);
});

it('counts what succeeded, and what each error was', async () => {
  const store = new Store();
  store.getEntry = async () => Promise.reject(new KvError('TIMEOUT', 'late'));
  const recorder = new Recorder(() => true);
  const keyspace = new RecordedKeyspace('c', store, recorder, { timeoutMs: 1000 });
  await Promise.all([keyspace.put('k', 2, 50), keyspace.get('k', 2), keyspace.get('k', 2)]);
  expect(recorder.count()).toEqual({
    operations: 3,
    succeeded: 1,
    duringFaults: { begun: 3, succeeded: 1 },
    errors: { TIMEOUT: 2 },
  });
});

function atMs(ms: number): string {
  return formatVersion({ ms, counter: 0, actor: 'b'.repeat(32) });
}

function decreasing(): () => string {
  let ms = 5000;
  return () => atMs((ms -= 1));
}
