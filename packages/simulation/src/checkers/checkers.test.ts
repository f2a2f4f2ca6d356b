/**
 * Each checker is silent about legal histories, drawn from a register that behaves, and speaks up about each history
 * that was made illegal in the way it looks for.
 */
import type { Version } from '@kv/quorum';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { History, ReadRecord, StoredCopy, WriteRecord } from '../history.ts';
import { checkHistory } from './check-history.ts';
import { ClockHears } from './clock-hears.ts';
import { convergence } from './convergence.ts';
import { honestOutcomes } from './honest-outcomes.ts';
import { monotoneReads } from './monotone-reads.ts';
import { noLostWrite } from './no-lost-write.ts';
import { ownWritesWin } from './own-writes-win.ts';
import { readAfterWrite } from './read-after-write.ts';
import { AcceptorMemory } from './acceptor-memory.ts';
import { ReplicaMemory } from './replica-memory.ts';
import { timeToLive } from './time-to-live.ts';

const versionAt = (ms: number, actor = 'a'): Version => ({ ms, counter: 0, actor: actor.repeat(32) });

function write(id: string, version: Version | undefined, change: Partial<WriteRecord> = {}): WriteRecord {
  const times = { startedAt: version?.ms ?? 0, endedAt: (version?.ms ?? 0) + 1 };
  const defaults = {
    client: 'c',
    key: 'k',
    kind: 'put',
    value: id,
    w: 2,
    strict: true,
    outcome: 'applied',
    ordered: true,
  } as const;
  return { id, version, seen: undefined, ...defaults, ...times, ...change };
}

function read(id: string, of: WriteRecord | undefined, at: number, change: Partial<ReadRecord> = {}): ReadRecord {
  const found = of === undefined ? ('absent' as const) : ('found' as const);
  const what = { outcome: found, version: of?.version, value: of?.value };
  const defaults = {
    client: 'c',
    key: of?.key ?? 'k',
    kind: 'get',
    r: 2,
    strict: true,
    lasting: true,
    final: false,
  } as const;
  return { id, startedAt: at, endedAt: at + 1, ...defaults, ...what, ...change };
}

const history = (writes: WriteRecord[], reads: ReadRecord[]): History => ({ replicas: 3, writes, reads });
const copy = (replica: string, version: Version | undefined, bytes = 'x'): StoredCopy => ({
  replica,
  key: 'k',
  version,
  bytes,
});

/** One atomic register: each operation takes effect at one moment between its beginning and its end. */
interface Step {
  readonly reads: boolean;
  readonly before: number;
  readonly after: number;
  readonly unknown: boolean;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    reads: fc.boolean(),
    before: fc.integer({ min: 1, max: 40 }),
    after: fc.integer({ min: 1, max: 40 }),
    unknown: fc.boolean(),
  }),
  { minLength: 1, maxLength: 25 },
);

function legalHistory(list: readonly Step[]): History {
  const writes: WriteRecord[] = [];
  const reads: ReadRecord[] = [];
  list.forEach(({ reads: isRead, before, after, unknown }, index) => {
    const at = 100 + index * 10;
    const times = { startedAt: at - before, endedAt: at + after };
    const last = writes.at(-1);
    if (isRead) reads.push(read(`r${index}`, last, at, times));
    else if (unknown)
      writes.push(write(`w${index}`, versionAt(at), { ...times, endedAt: Infinity, outcome: 'unknown' }));
    else writes.push(write(`w${index}`, versionAt(at), times));
  });
  const end = 1000 + list.length * 10;
  reads.push(read('final', writes.at(-1), end, { r: 3, final: true }));
  return history(writes, reads);
}

describe('legal histories', () => {
  it('are found legal by every checker, whatever their operations overlapped', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const legal = legalHistory(list);
        const last = legal.writes.at(-1)?.version;
        expect(
          checkHistory(
            legal,
            ['n1', 'n2', 'n3'].map((replica) => copy(replica, last)),
          ),
        ).toEqual([]);
      }),
    );
  });

  it('are found illegal once a read is made to return an older state than it must', () => {
    fc.assert(
      fc.property(steps, fc.nat(), (list, pick) => {
        const legal = legalHistory(list);
        const settled = legal.reads.filter((candidate) => {
          const required = legal.writes.filter((w) => w.outcome === 'applied' && w.endedAt < candidate.startedAt);
          return required.length > 0;
        });
        fc.pre(settled.length > 0);
        const victim = settled[pick % settled.length]!;
        const stale = { ...victim, outcome: 'absent', version: undefined, value: undefined } as const;
        const reads = legal.reads.map((candidate) => (candidate === victim ? stale : candidate));
        expect(readAfterWrite({ ...legal, reads }).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('noLostWrite (an acknowledged write is there, or something newer)', () => {
  const [older, newer] = [write('w1', versionAt(10)), write('w2', versionAt(20))];
  const final = (of: WriteRecord | undefined): ReadRecord => read('f', of, 100, { r: 3, final: true });

  it.each([
    ['the newer write is gone', [older, newer], final(older), 1],
    ['everything is gone', [older, newer], final(undefined), 2],
    ['a superseded write counts too', [older, { ...newer, outcome: 'superseded' as const }], final(older), 1],
    ['the newest is there', [older, newer], final(newer), 0],
    ['only an unknown write is gone', [older, { ...newer, outcome: 'unknown' as const }], final(older), 0],
  ])('%s', (_name, writes, last, found) => {
    expect(noLostWrite(history(writes, [last]))).toHaveLength(found);
  });

  it('holds at any W: a write at W = 1 is durable somewhere', () => {
    expect(noLostWrite(history([{ ...newer, w: 1 }], [final(undefined)]))).toHaveLength(1);
  });
});

describe('readAfterWrite (R + W > N)', () => {
  const done = write('w', versionAt(10));

  it('finds a read that missed what was acknowledged before it began', () => {
    expect(readAfterWrite(history([done], [read('r', undefined, 20)]))).toHaveLength(1);
  });

  it('lets a read miss a write that it overlapped, that was not acknowledged, or that it need not meet', () => {
    const missed = read('r', undefined, 20);
    expect(readAfterWrite(history([{ ...done, endedAt: 25 }], [missed]))).toEqual([]);
    expect(readAfterWrite(history([{ ...done, outcome: 'unknown' }], [missed]))).toEqual([]);
    expect(readAfterWrite(history([{ ...done, w: 1 }], [missed]))).toEqual([]);
    expect(readAfterWrite(history([done], [{ ...missed, r: 1 }]))).toEqual([]);
    expect(readAfterWrite(history([{ ...done, strict: false }], [missed]))).toEqual([]);
    expect(readAfterWrite(history([done], [{ ...missed, strict: false }]))).toEqual([]);
    expect(readAfterWrite(history([done], [{ ...missed, key: 'other' }]))).toEqual([]);
    expect(readAfterWrite(history([done], [{ ...missed, outcome: 'failed' }]))).toEqual([]);
  });
});

describe('monotoneReads (2R > N)', () => {
  const [older, newer] = [write('w1', versionAt(10)), write('w2', versionAt(20), { outcome: 'unknown' })];
  const writes = [older, newer];

  it('finds a read that goes back behind another that had ended, whoever reads', () => {
    expect(monotoneReads(history(writes, [read('r1', newer, 30), read('r2', older, 40)]))).toHaveLength(1);
    expect(monotoneReads(history(writes, [read('r1', older, 30), read('r2', undefined, 40)]))).toHaveLength(1);
  });

  it('allows overlapping reads to differ, and weak reads to go back', () => {
    expect(monotoneReads(history(writes, [read('r1', newer, 30), read('r2', older, 30.5)]))).toEqual([]);
    expect(monotoneReads(history(writes, [read('r1', newer, 30, { r: 1 }), read('r2', older, 40, { r: 1 })]))).toEqual(
      [],
    );
    expect(monotoneReads(history(writes, [read('r1', newer, 30, { lasting: false }), read('r2', older, 40)]))).toEqual(
      [],
    );
    expect(monotoneReads(history(writes, [read('r1', newer, 30), read('r2', older, 40, { strict: false })]))).toEqual(
      [],
    );
    // N − R + 1 owners hold what a read at R = 3 returned: one of three, which a read at R = 2 need not meet.
    expect(monotoneReads(history(writes, [read('r1', newer, 30, { r: 3 }), read('r2', older, 40)]))).toEqual([]);
  });
});

describe('ownWritesWin', () => {
  it('finds a write that is older than what its client knew, unless its coordinator stamped it', () => {
    const behind = write('w', versionAt(10), { seen: versionAt(20), outcome: 'superseded', winner: versionAt(20) });
    expect(ownWritesWin(history([behind], []))).toHaveLength(1);
    expect(ownWritesWin(history([{ ...behind, ordered: false }], []))).toEqual([]);
    expect(ownWritesWin(history([{ ...behind, seen: versionAt(5) }], []))).toEqual([]);
  });
});

describe('honestOutcomes', () => {
  const done = write('w', versionAt(10));
  const deleted = write('d', versionAt(10), { kind: 'delete', value: undefined });
  const tombstone = { outcome: 'absent', value: undefined } as const;

  it.each([
    ['a value that nobody wrote', [], read('r', done, 20)],
    ["another key's value", [{ ...done, key: 'other' }], read('r', done, 20)],
    ['a value before it was written', [{ ...done, startedAt: 30 }], read('r', done, 20)],
    ['the value of a rejected write', [{ ...done, outcome: 'rejected' as const }], read('r', done, 20)],
    ['a value under another version', [{ ...done, version: versionAt(11) }], read('r', done, 20)],
    ['a put value deleted', [done], read('r', done, 20, tombstone)],
    ['a rejected delete', [{ ...deleted, outcome: 'rejected' as const }], read('r', deleted, 20, tombstone)],
  ])('finds a read of %s', (_what, writes, bad) => {
    expect(honestOutcomes(history(writes, [bad]))).toHaveLength(1);
  });

  it('allows the value of a write that was answered unknown, and a delete that was', () => {
    expect(honestOutcomes(history([{ ...done, outcome: 'unknown' }], [read('r', done, 20)]))).toEqual([]);
    const unknown = { ...deleted, outcome: 'unknown' as const };
    expect(honestOutcomes(history([unknown], [read('r', deleted, 20, tombstone)]))).toEqual([]);
  });
});

describe('timeToLive', () => {
  const mortal = write('w', versionAt(1000), { ttlMs: 500 });
  const clocks = (lowestMs: number, highestMs: number) => ({ clocks: { lowestMs, highestMs } });
  const found = (lowestMs: number, highestMs: number) => read('r', mortal, 20, clocks(lowestMs, highestMs));
  const expired = { outcome: 'absent', value: undefined } as const;

  it('finds a read of a value that every clock called expired, and one that missed a value that none did', () => {
    expect(timeToLive(history([mortal], [found(1500, 1600)]))).toHaveLength(1);
    expect(timeToLive(history([mortal], [{ ...found(1400, 1499), ...expired }]))).toHaveLength(1);
    expect(honestOutcomes(history([mortal], [{ ...found(1400, 1499), ...expired }]))).toEqual([]);
  });

  it('allows either where some clock had reached the deadline and some had not', () => {
    for (const change of [{}, expired]) {
      expect(timeToLive(history([mortal], [{ ...found(1499, 1500), ...change }]))).toEqual([]);
      expect(timeToLive(history([mortal], [{ ...found(-Infinity, 9999), ...change }]))).toEqual([]);
    }
    expect(timeToLive(history([write('w', versionAt(1000))], [found(5000, 5000)]))).toEqual([]);
    expect(timeToLive(history([{ ...mortal, version: undefined }], [found(5000, 5000)]))).toEqual([]);
  });
});

describe('convergence', () => {
  const done = write('w', versionAt(10));
  const legal = history([done], [read('f', done, 100, { r: 3, final: true })]);

  it.each([
    ['a version that differs', [copy('n1', versionAt(10)), copy('n2', versionAt(9))]],
    ['a copy that is missing', [copy('n1', versionAt(10)), copy('n2', undefined, 'none')]],
    ['bytes that differ under one version', [copy('n1', versionAt(10)), copy('n2', versionAt(10), 'y')]],
    ['a version that is not the one read', [copy('n1', versionAt(11)), copy('n2', versionAt(11))]],
  ])('finds %s', (_what, copies) => {
    expect(convergence(legal, copies)).toHaveLength(1);
  });

  it('lets a damaged disk hold another version or none, but no other bytes under the same one', () => {
    const damaged = (version: Version | undefined, bytes?: string): StoredCopy => ({
      ...copy('n3', version, bytes),
      damaged: true,
    });
    const whole = [copy('n1', versionAt(10)), copy('n2', versionAt(10))];
    for (const other of [damaged(versionAt(9), 'y'), damaged(undefined, 'none'), damaged(versionAt(10))]) {
      expect(convergence(legal, [other, ...whole])).toEqual([]);
    }
    expect(convergence(legal, [damaged(versionAt(10), 'y'), ...whole])).toHaveLength(1);
  });

  it('is content when all hold what was read, or nobody holds anything', () => {
    expect(convergence(legal, [copy('n1', versionAt(10)), copy('n2', versionAt(10))])).toEqual([]);
    const nothing = history([], [read('f', undefined, 100, { r: 3, final: true })]);
    expect(convergence(nothing, [copy('n1', undefined, 'none'), copy('n2', undefined, 'none')])).toEqual([]);
  });

  it('lets a value with a time to live be found and then forgotten, where anything is forgotten, and no other', () => {
    const mortal = write('w', versionAt(10), { ttlMs: 500 });
    const gone = [copy('n1', undefined, 'none'), copy('n2', undefined, 'none')];
    const mortals = history([mortal], [read('f', mortal, 100, { r: 3, final: true })]);
    expect(convergence({ ...mortals, forgetsAfterMs: 20 }, gone)).toEqual([]);
    expect(convergence(mortals, gone)).toHaveLength(1);
    expect(convergence({ ...legal, forgetsAfterMs: 20 }, gone)).toHaveLength(1);
  });
});

describe('ReplicaMemory', () => {
  it('finds a replica that holds less than it held, and forgives what comes out of order elsewhere', () => {
    const versions = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(versions, (list) => {
        const memory = new ReplicaMemory();
        const claims = list.map((ms) => (ms === 0 ? undefined : versionAt(ms)));
        claims.forEach((version, at) => memory.claim({ replica: 'n1', key: 'k', version, at }));
        memory.claim({ replica: 'n2', key: 'k', version: undefined, at: 100 });
        memory.claim({ replica: 'n1', key: 'other', version: undefined, at: 100 });
        let highest = 0;
        let falls = 0;
        for (const ms of list) {
          if (ms < highest) falls += 1;
          highest = Math.max(highest, ms);
        }
        expect(memory.violations).toHaveLength(falls);
      }),
    );
  });
});

describe('ReplicaMemory of receipts', () => {
  it('finds a replica that holds less than a receipt said, and takes no receipt for less than it knows', () => {
    const memory = new ReplicaMemory();
    const at = (ms: number) => ({ replica: 'n1', key: 'k', version: versionAt(ms), at: ms });
    memory.claim(at(5));
    memory.reported(at(3));
    memory.claim(at(5));
    expect(memory.violations).toEqual([]);
    memory.reported(at(9));
    memory.claim(at(8));
    expect(memory.violations).toHaveLength(1);
  });
});

describe('ClockHears', () => {
  it('finds a frame whose stamp is behind a version in it', () => {
    const clock = new ClockHears();
    const stamp = { ms: 20, counter: 3 };
    clock.hear({ node: 'n1', at: 1, stamp, versions: [versionAt(10), { ...versionAt(20), counter: 3 }] });
    expect(clock.violations).toEqual([]);
    clock.hear({ node: 'n1', at: 1, stamp, versions: [{ ...versionAt(20), counter: 4 }, versionAt(21)] });
    expect(clock.violations).toHaveLength(2);
  });
});

describe('AcceptorMemory', () => {
  const ballot = (counter: number) => ({ counter, proposer: 'p' });
  const claim = (what: 'promised' | 'accepted' | 'told', counter: number | undefined, key = 'k') => {
    return { acceptor: 'a', key, what, ballot: counter === undefined ? undefined : ballot(counter), at: 1 };
  };

  it('lets promises rise, and each key and acceptor have its own', () => {
    const memory = new AcceptorMemory();
    memory.claim(claim('told', undefined));
    memory.claim(claim('promised', 2));
    memory.claim(claim('accepted', 2));
    memory.claim(claim('told', 3));
    memory.claim(claim('promised', 1, 'other'));
    memory.claim({ ...claim('accepted', 1), acceptor: 'b' });
    expect(memory.violations).toEqual([]);
  });

  it.each([
    ['accepts what it promised not to', claim('accepted', 4)],
    ['promises less', claim('promised', 4)],
    ['does not know of its promise', claim('told', undefined)],
  ])('finds an acceptor that %s', (_, later) => {
    const memory = new AcceptorMemory();
    memory.claim(claim('promised', 5));
    memory.claim(later);
    expect(memory.violations).toEqual([]);
    memory.claim({ ...later, at: 2 });
    expect(memory.violations).toMatchObject([{ check: 'acceptor-memory', key: 'k' }]);
    expect(memory.violations[0]?.message).toContain('but promised 5@p');
  });
});
