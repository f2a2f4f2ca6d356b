import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AntiEntropyError } from './errors.ts';
import { Exchange } from './exchange.ts';
import { exchangeLimits, type ExchangeRequest, type ExchangeResponse } from './messages.ts';
import { respond } from './respond.ts';
import { bytesOf, repair, runExchange, TestReplica, textOf } from './testing/replica.ts';

const entry = fc.record({ key: fc.nat(60).map((i) => `key ${i}`), version: fc.constantFrom('1', '2', '3') });
const entries = fc.array(entry, { maxLength: 80 });
const depth = fc.integer({ min: 1, max: 3 });
const options = fc.record({
  nodesPerRequest: fc.constantFrom(16, 40, 512),
  entriesPerPage: fc.integer({ min: 1, max: 9 }),
});
const limits = fc.record({ looks: fc.integer({ min: 1, max: 20 }) });

function filled(
  levels: number,
  list: readonly { key: string; version: string }[],
  looks?: { looks: number },
): TestReplica {
  const replica = new TestReplica(levels, looks);
  for (const { key, version } of list) replica.put(key, version);
  return replica;
}

describe('an exchange', () => {
  it('tells every difference once and nothing else, whatever the depths of the trees and the sizes of pages', () => {
    fc.assert(
      fc.property(entries, entries, depth, depth, options, limits, (ours, theirs, a, b, sizes, looks) => {
        const [left, right] = [filled(a, ours, looks), filled(b, theirs)];
        const { outcome, differences } = runExchange(left, right, sizes);
        const [mine, other] = [left.contents(), right.contents()];
        const expected = [...new Set([...Object.keys(mine), ...Object.keys(other)])]
          .filter((key) => mine[key] !== other[key])
          .sort();
        const told = differences.map(({ key }) => textOf(key));
        expect(told).toEqual(expected);
        for (const { key, ours: our, theirs: their } of differences) {
          expect(our && textOf(our)).toBe(mine[textOf(key)]);
          expect(their && textOf(their)).toBe(other[textOf(key)]);
        }
        expect(outcome).toBe(expected.length === 0 ? 'equal' : 'compared');
      }),
    );
  });

  it('makes both sides the same when its differences are repaired as they are told', () => {
    fc.assert(
      fc.property(entries, entries, depth, options, (ours, theirs, levels, sizes) => {
        const [left, right] = [filled(levels, ours), filled(levels, theirs)];
        runExchange(left, right, sizes, repair(left, right));
        expect(left.contents()).toEqual(right.contents());
        expect(runExchange(left, right).outcome).toBe('equal');
      }),
    );
  });

  it('ends while both sides are written to, and loses nothing that was there before and after', () => {
    fc.assert(
      fc.property(entries, entries, fc.array(entry, { maxLength: 40 }), options, (ours, theirs, later, sizes) => {
        const [left, right] = [filled(2, ours), filled(2, theirs)];
        const writes = [...later];
        const write = () => {
          const next = writes.shift();
          if (next !== undefined) (writes.length % 2 === 0 ? left : right).put(next.key, next.version);
        };
        const fix = repair(left, right);
        runExchange(left, right, sizes, (differences) => {
          fix(differences);
          write();
        });
        while (writes.length > 0) write();
        runExchange(left, right, sizes, fix);
        expect(left.contents()).toEqual(right.contents());
      }),
    );
  });

  it('costs in proportion to the differences, not to the sets', () => {
    const [left, right] = [new TestReplica(), new TestReplica()];
    for (let i = 0; i < 20_000; i += 1) for (const each of [left, right]) each.put(`key ${i}`, '1');
    const equal = runExchange(left, right);
    expect([equal.outcome, equal.requests.length]).toEqual(['equal', 1]);
    for (let i = 0; i < 5; i += 1) left.put(`key ${i * 3000}`, '2');
    const { requests, differences } = runExchange(left, right);
    expect(differences).toHaveLength(5);
    const hashes = requests.reduce((sum, request) => sum + (request.type === 'compare' ? request.nodes.length : 0), 0);
    expect(hashes).toBeLessThanOrEqual(16 + 2 * 5 * 16);
    const [list] = requests.filter((request) => request.type === 'list');
    expect(list?.nodes.length).toBeLessThanOrEqual(5);
  });

  it('lists what is above the leaves where more differ than a request may name', () => {
    const [left, right] = [new TestReplica(4), new TestReplica(4)];
    for (let i = 0; i < 12_000; i += 1) left.put(`key ${i}`, '1');
    const { requests, differences } = runExchange(left, right, { entriesPerPage: 1024, nodesPerRequest: 4096 });
    expect(differences).toHaveLength(12_000);
    for (const { nodes } of requests) expect(nodes.length).toBeLessThanOrEqual(exchangeLimits.nodes);
  });

  it('ends as refused, and never throws, when what comes back does not answer what it asked', () => {
    const left = filled(2, [
      { key: 'key 1', version: '1' },
      { key: 'key 2', version: '1' },
    ]);
    const comparing = (): Exchange => {
      const exchange = new Exchange(left.tree, left.list, {});
      exchange.start();
      return exchange;
    };
    const listing = (): Exchange => {
      const exchange = new Exchange(left.tree, left.list, { entriesPerPage: 1 });
      const right = new TestReplica(2);
      for (let effects = exchange.start(); ; ) {
        const request = effects.find((effect) => effect.type === 'request')!.request;
        if (request.type === 'list') return exchange;
        effects = exchange.receive(respond(request, right.tree, right.list));
      }
    };
    const further = (): Exchange => {
      const exchange = comparing();
      expect(exchange.receive({ type: 'compared', levels: 2, differing: [3] })).toHaveLength(1);
      return exchange;
    };
    const other = (key: string) => ({ key: bytesOf(key), version: bytesOf('1') });
    const bad: [() => Exchange, ExchangeResponse][] = [
      [comparing, { type: 'compared', levels: 2, differing: [16] }],
      [comparing, { type: 'compared', levels: 2, differing: [3, 3] }],
      [comparing, { type: 'compared', levels: 0, differing: [3] }],
      [comparing, { type: 'listed', entries: [], through: undefined }],
      [further, { type: 'compared', levels: 1, differing: [] }],
      [listing, { type: 'compared', levels: 2, differing: [] }],
      [listing, { type: 'listed', entries: [other('key 1'), other('key 2')], through: undefined }],
      [listing, { type: 'listed', entries: [other('a key of another leaf')], through: undefined }],
      [listing, { type: 'listed', entries: [], through: bytesOf('zzz') }],
    ];
    for (const [asking, response] of bad) {
      const exchange = asking();
      expect(exchange.receive(response)).toEqual([{ type: 'done', outcome: 'refused' }]);
      expect([exchange.done, exchange.receive(response), exchange.start()]).toEqual([true, [], []]);
    }
  });

  it('asks nothing twice, and wants sizes that a responder takes', () => {
    const { tree, list } = new TestReplica();
    const exchange = new Exchange(tree, list);
    expect(exchange.receive({ type: 'compared', levels: 3, differing: [] })).toEqual([]);
    expect([exchange.start().length, exchange.start().length]).toEqual([1, 0]);
    for (const wrong of [
      { nodesPerRequest: 15 },
      { nodesPerRequest: 4097 },
      { entriesPerPage: 0 },
      { entriesPerPage: 1025 },
    ]) {
      expect(() => new Exchange(tree, list, wrong)).toThrow(AntiEntropyError);
    }
  });
});

describe('a responder', () => {
  it('refuses what no well-behaved peer asks, by a typed error', () => {
    const { tree, list } = new TestReplica(2);
    const compare = (over: object): ExchangeRequest => {
      return { type: 'compare', level: 1, nodes: [3], hashes: new Uint8Array(8), ...over };
    };
    const ask = (over: object): ExchangeRequest => {
      return { type: 'list', level: 1, nodes: [3], after: undefined, through: undefined, limit: 10, ...over };
    };
    const bad = [
      compare({ level: 0 }),
      compare({ level: 6 }),
      compare({ nodes: [], hashes: new Uint8Array(0) }),
      compare({ nodes: [3, 3], hashes: new Uint8Array(16) }),
      compare({ nodes: [16] }),
      compare({ nodes: [0.5] }),
      compare({ hashes: new Uint8Array(7) }),
      compare({ level: 4, nodes: Array.from({ length: 4097 }, (_, i) => i), hashes: new Uint8Array(8 * 4097) }),
      ask({ level: 3 }),
      ask({ limit: 0 }),
      ask({ limit: 1025 }),
    ];
    for (const request of bad) expect(() => respond(request, tree, list)).toThrow(AntiEntropyError);
  });

  it('says how deep its tree is to who asks further down', () => {
    const { tree, list } = new TestReplica(1);
    const request: ExchangeRequest = { type: 'compare', level: 2, nodes: [255], hashes: new Uint8Array(8).fill(1) };
    expect(respond(request, tree, list)).toEqual({ type: 'compared', levels: 1, differing: [] });
  });
});
