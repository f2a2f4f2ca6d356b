/** What can be simulated: which keyspaces there are in the cluster, and whether anything goes wrong. */
import type { StoredCopy, Violation } from '../history.ts';
import type { SeededRandom } from '../world/seeded-random.ts';
import { eventual } from './keyspaces/eventual.ts';
import type { KeyspaceKind } from './keyspaces/keyspace-kind.ts';
import { strong } from './keyspaces/strong.ts';
import type { KeyspaceOptions, Surroundings } from './keyspaces/keyspace-options.ts';
import { siblings } from './keyspaces/siblings.ts';
import type { KeyspaceHistory } from './recorder.ts';

export type KeyspaceKindName = 'eventual' | 'strong' | 'siblings';
const keyspaceKinds: Readonly<Record<KeyspaceKindName, KeyspaceKind>> = { eventual, strong, siblings };

export interface Scenario {
  /** Of each kind there is one keyspace; each gets as many of the operations as the others. */
  readonly keyspaces: readonly KeyspaceKindName[];
  /** Without faults no operation may fail. */
  readonly faults: boolean;
}

/** `mixed`: everything at once. `calm`: the same without faults. */
export const scenarioNames = ['eventual', 'strong', 'siblings', 'mixed', 'calm'] as const;
export type ScenarioName = (typeof scenarioNames)[number];

export const scenarios: Readonly<Record<ScenarioName, Scenario>> = {
  eventual: { keyspaces: ['eventual'], faults: true },
  strong: { keyspaces: ['strong'], faults: true },
  siblings: { keyspaces: ['siblings'], faults: true },
  mixed: { keyspaces: ['eventual', 'strong', 'siblings'], faults: true },
  calm: { keyspaces: ['eventual', 'strong', 'siblings'], faults: false },
};

export function drawKeyspaces(name: ScenarioName, random: SeededRandom, surroundings: Surroundings): KeyspaceOptions[] {
  return scenarios[name].keyspaces.map((kind, index) => {
    return { id: index + 1, ...keyspaceKinds[kind].draw(random.fork(kind), surroundings) };
  });
}

export function kindOf({ name }: KeyspaceOptions): KeyspaceKind {
  const kind = Object.entries(keyspaceKinds).find(([kindName]) => kindName === name);
  if (kind === undefined) throw new TypeError(`there is no kind of keyspace ${name}`);
  return kind[1];
}

/** Every promise that the keyspaces of a finished run can be held to. */
export function checkKeyspaces(histories: readonly KeyspaceHistory[], copies: readonly StoredCopy[]): Violation[] {
  return histories.flatMap((history) => {
    const own = copies.filter(({ keyspaceId }) => keyspaceId === history.keyspace.id);
    return kindOf(history.keyspace).check(history, own);
  });
}
