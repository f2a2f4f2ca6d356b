/** The checker against the definition: on histories that a register lived through, on what can be made of them, on any. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findOrder } from './find-order.ts';
import { type RegisterAction, type RegisterCondition, registerModel } from './register-model.ts';
import { isLinearizable } from './testing/brute-force.ts';
import { live, type LivedOperation, type LivedStep } from './testing/lived-history.ts';

const step: fc.Arbitrary<LivedStep> = fc.record({
  kind: fc.constantFrom('get', 'get', 'put', 'put', 'delete'),
  condition: fc.constantFrom('none', 'none', 'absent', 'version', 'value'),
  right: fc.boolean(),
  before: fc.integer({ min: 0, max: 30 }),
  after: fc.integer({ min: 0, max: 30 }),
  unknown: fc.constantFrom('no', 'no', 'no', 'done', 'never'),
  tellsVersion: fc.boolean(),
});

/** What one register went through. */
function legalHistories(most: number): fc.Arbitrary<LivedOperation[]> {
  return fc.array(step, { minLength: 1, maxLength: most }).map(live);
}

/** Anything at all, with few values and times, so that much of it is legal by chance. */
function anyHistories(most: number): fc.Arbitrary<LivedOperation[]> {
  const name = fc.constantFrom('a', 'b', undefined);
  const version = fc.constantFrom('1', '2', undefined);
  const condition: fc.Arbitrary<RegisterCondition> = fc.oneof(
    fc.record({ type: fc.constant('value' as const), value: name }),
    fc.record({ type: fc.constant('version' as const), version: fc.constantFrom('1', '2') }),
  );
  const action: fc.Arbitrary<RegisterAction> = fc.oneof(
    fc.record({ type: fc.constant('read' as const), value: name, version }),
    fc.record({
      type: fc.constant('write' as const),
      value: name,
      version,
      condition: fc.option(condition, { nil: undefined }),
    }),
    fc.record({ type: fc.constant('refusal' as const), condition, version }),
  );
  const time = fc.integer({ min: 0, max: 12 });
  const length = fc.oneof({ weight: 4, arbitrary: fc.integer({ min: 0, max: 6 }) }, fc.constant(Infinity));
  const operation = fc.record({ action, startedAt: time, length }).map(({ action, startedAt, length }) => {
    return {
      action,
      startedAt,
      endedAt: action.type === 'write' ? startedAt + length : startedAt + Math.min(length, 6),
    };
  });
  return fc.array(operation, { minLength: 1, maxLength: most });
}

type Mutation = (history: readonly LivedOperation[], first: number, second: number) => LivedOperation[];

/** What may go wrong, at two places of a history. Not each makes it illegal. */
const mutations: Readonly<Record<string, Mutation>> = {
  'two operations have changed times': (history, first, second) =>
    history.map((operation, at) => {
      const times = at === first ? history[second] : at === second ? history[first] : operation;
      return { ...operation, startedAt: times!.startedAt, endedAt: times!.endedAt };
    }),
  'two operations have changed what they did': (history, first, second) =>
    history.map((operation, at) => {
      const other = at === first ? history[second] : at === second ? history[first] : operation;
      return { ...operation, action: other!.action };
    }),
  'an operation is lost': (history, first) => history.filter((_, at) => at !== first),
  'an operation is there twice': (history, first, second) => {
    const again = history[second]!;
    return [...history, { ...history[first]!, startedAt: again.startedAt, endedAt: again.endedAt }];
  },
  'a read returns what some write wrote': (history, first, second) => {
    const reads = history.filter(({ action }) => action.type === 'read');
    const writes = history.flatMap(({ action }) => (action.type === 'write' ? [action] : []));
    const [victim, written] = [reads[first % reads.length], writes[second % writes.length]];
    if (written === undefined) return [...history];
    const action = { type: 'read', value: written.value, version: written.version } as const;
    return history.map((operation) => (operation === victim ? { ...operation, action } : operation));
  },
  'a read returns nothing': (history, first) => {
    const reads = history.filter(({ action }) => action.type === 'read');
    const victim = reads[first % reads.length];
    const action = { type: 'read', value: undefined, version: undefined } as const;
    return history.map((operation) => (operation === victim ? { ...operation, action } : operation));
  },
  'a refused write was done': (history, first) =>
    history.map((operation, at) => {
      const { action } = operation;
      if (at !== first || action.type !== 'refusal') return operation;
      return { ...operation, action: { type: 'write', value: 'x', version: 'x', condition: action.condition } };
    }),
  'an unknown write is known': (history, first) =>
    history.map((operation, at) => {
      return at === first && operation.endedAt === Infinity
        ? { ...operation, endedAt: operation.startedAt + 5 }
        : operation;
    }),
};

/** Where the outcome of several writes is unknown and they are alike, they are the same action, as the checker has it. */
function shared(history: readonly LivedOperation[]): LivedOperation[] {
  const actions = new Map<string, RegisterAction>();
  return history.map((operation) => {
    if (operation.endedAt !== Infinity) return operation;
    const name = JSON.stringify(operation.action, (_, value: unknown) => value ?? 'none');
    const action = actions.get(name) ?? operation.action;
    actions.set(name, action);
    return { ...operation, action };
  });
}

const verdictOf = (history: readonly LivedOperation[]) => findOrder(registerModel(), shared(history)).type;
const asDefined = (history: readonly LivedOperation[]) => (isLinearizable(history) ? 'linearizable' : 'impossible');

const at = (startedAt: number, endedAt: number, action: RegisterAction): LivedOperation => ({
  startedAt,
  endedAt,
  action,
});
const put = (value: string, condition?: string): RegisterAction => ({
  type: 'write',
  value,
  version: `v-${value}`,
  condition: condition === undefined ? undefined : { type: 'version', version: condition },
});
const get = (value: string | undefined): RegisterAction => ({
  type: 'read',
  value,
  version: value === undefined ? undefined : `v-${value}`,
});

describe('findOrder', () => {
  it('accepts whatever a register lived through, long and much overlapping as it may be', () => {
    fc.assert(
      fc.property(legalHistories(60), (history) => {
        expect(verdictOf(history)).toBe('linearizable');
      }),
      { numRuns: 1500 },
    );
  });

  it.each(Object.entries(mutations))('judges as the definition does where %s', (_what, mutate) => {
    const places = fc.tuple(fc.nat(), fc.nat());
    let illegal = 0;
    fc.assert(
      fc.property(legalHistories(6), places, (legal, [first, second]) => {
        const mutated = mutate(legal, first % legal.length, second % legal.length);
        const expected = asDefined(mutated);
        if (expected === 'impossible') illegal += 1;
        expect(verdictOf(mutated)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
    expect(illegal).toBeGreaterThan(10);
  });

  it('judges as the definition does whatever is said to have happened', () => {
    const verdicts = { linearizable: 0, impossible: 0 };
    fc.assert(
      fc.property(anyHistories(6), (history) => {
        const expected = asDefined(history);
        verdicts[expected] += 1;
        expect(verdictOf(history)).toBe(expected);
      }),
      { numRuns: 4000 },
    );
    expect(Math.min(...Object.values(verdicts))).toBeGreaterThan(300);
  });

  const open = Infinity;
  it.each<[string, string, LivedOperation[]]>([
    ['a stale read', 'impossible', [at(0, 1, put('a')), at(2, 3, put('b')), at(4, 5, get('a'))]],
    [
      'a read of either of two writes under way',
      'linearizable',
      [at(0, 9, put('a')), at(0, 9, put('b')), at(1, 2, get('a'))],
    ],
    [
      'reads that see two writes in both orders',
      'impossible',
      [at(0, 9, put('a')), at(0, 9, put('b')), at(1, 2, get('a')), at(3, 4, get('b')), at(5, 6, get('a'))],
    ],
    [
      'an unknown write that is seen late',
      'linearizable',
      [at(0, open, put('a')), at(1, 2, put('b')), at(3, 4, get('b')), at(5, 6, get('a'))],
    ],
    [
      'an unknown write that is seen, and then not any more',
      'impossible',
      [at(0, open, put('a')), at(1, 2, put('b')), at(3, 4, get('a')), at(5, 6, get('b'))],
    ],
    [
      'two writes on one condition',
      'impossible',
      [at(0, 1, put('a')), at(2, 9, put('b', 'v-a')), at(2, 9, put('c', 'v-a'))],
    ],
    [
      'a write on a condition that only an unknown write makes true',
      'linearizable',
      [at(0, open, put('a')), at(2, 9, put('b', 'v-a'))],
    ],
    ['a read before what it saw', 'impossible', [at(0, 1, get('a')), at(2, 3, put('a'))]],
  ])('judges %s', (_what, verdict, history) => {
    expect(verdictOf(history)).toBe(verdict);
    expect(asDefined(history)).toBe(verdict);
  });

  it('says where it became impossible, and what was possible until then', () => {
    const [stale, later] = [at(4, 5, get('a')), at(6, 7, get('b'))];
    const [first, second] = [put('a'), put('b')];
    const verdict = findOrder(registerModel(), [at(0, 1, first), at(2, 3, second), stale, later]);
    expect(verdict).toEqual({ type: 'impossible', operation: stale, states: [second] });
  });

  it('is not doubled by every unknown outcome', () => {
    const unknown = Array.from({ length: 60 }, (_, index) => at(index, open, put(`u${index}`)));
    const known = Array.from({ length: 60 }, (_, index) => [
      at(100 + 10 * index, 105 + 10 * index, put(`k${index}`)),
      at(101 + 10 * index, 109 + 10 * index, get(index % 7 === 0 ? `u${index}` : `k${index}`)),
    ]).flat();
    expect(findOrder(registerModel(), [...unknown, ...known], 5000).type).toBe('linearizable');
  });

  it('is undecided, and says so, where there are more configurations than it may look at', () => {
    const writes = Array.from({ length: 12 }, (_, index) => at(0, 100 + index, put(`w${index}`)));
    const reads = writes.map((_, index) => at(1 + 2 * index, 2 + 2 * index, get(`w${index}`)));
    expect(findOrder(registerModel(), [...writes, ...reads]).type).toBe('linearizable');
    expect(findOrder(registerModel(), writes, 100).type).toBe('undecided');
  });
});
