import type { TopologyState } from '@kv/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { OneTopology } from './one-topology.ts';

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const topology = (epoch: number, changes: readonly number[] = [], address = 'a:1'): TopologyState => ({
  epoch,
  clusterId: id(0),
  partitions: 1,
  members: [{ id: id(1), name: 'a', address, weight: 1 }],
  owners: [0],
  keyspaces: [],
  nextKeyspaceId: 1,
  voters: [id(1)],
  changes: changes.map(id),
});

describe('one topology of each epoch', () => {
  let topologies: OneTopology;
  beforeEach(() => (topologies = new OneTopology()));
  const messages = (): string[] => topologies.violations.map(({ message }) => message);

  it('accepts nodes that follow each other, under whatever addresses', () => {
    topologies.seen('a in its life 1', topology(1));
    topologies.seen('b in its life 1', topology(1, [], 'elsewhere:1'));
    topologies.told(id(7), 'changed', topology(2, [7]));
    topologies.seen('a in its life 1', topology(2, [7]));
    topologies.seen('b in its life 2', topology(1));
    topologies.seen('b in its life 2', topology(2, [7]));
    topologies.told(id(8), 'unknown');
    topologies.settled([
      { node: 'a', epoch: 2 },
      { node: 'b', epoch: 2 },
    ]);
    expect(messages()).toEqual([]);
  });

  it('finds two topologies of one epoch, seen or told', () => {
    topologies.seen('a in its life 1', topology(2, [7]));
    topologies.seen('b in its life 1', topology(2, [8]));
    topologies.told(id(9), 'changed', topology(2, [9]));
    expect(messages()).toHaveLength(2);
  });

  it('finds a node that goes back', () => {
    topologies.seen('a in its life 1', topology(2));
    topologies.seen('a in its life 1', topology(1));
    expect(messages()).toEqual(['a in its life 1 went back from epoch 2 to 1']);
  });

  it('finds who does not go by a change when it is told', () => {
    topologies.toldAs(topology(2), [
      { node: 'a', epoch: 2 },
      { node: 'b', epoch: 1 },
      { node: 'c', epoch: 3 },
    ]);
    expect(messages()).toEqual(['epoch 2 was told as made while b, not named as behind, went by epoch 1']);
  });

  it('finds changes that were promised and lost, or denied and made, and who stays behind', () => {
    topologies.told(id(7), 'changed');
    topologies.told(id(8), 'unavailable');
    topologies.told(id(9), 'refused');
    topologies.seen('a in its life 1', topology(2, [8, 9]));
    topologies.settled([
      { node: 'a', epoch: 2 },
      { node: 'b', epoch: 1 },
    ]);
    expect(messages()).toHaveLength(4);
  });
});
