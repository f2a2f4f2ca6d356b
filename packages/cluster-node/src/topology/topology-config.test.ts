import { describe, expect, it } from 'vitest';
import { ClusterNodeError } from '../errors.ts';
import { checkTopologyConfig, type TopologyConfig } from './topology-config.ts';

const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const valid: TopologyConfig = {
  clusterId: uuid(0),
  partitions: 256,
  members: [1, 2, 3].map((n) => ({ id: uuid(n), name: `node-${n}`, address: `127.0.0.1:${7399 + n}` })),
  keyspaces: [{ id: 1, name: 'default', replicas: 3 }],
};

function faultsOf(config: TopologyConfig): string {
  try {
    checkTopologyConfig(config);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(ClusterNodeError);
    expect(error).toMatchObject({ code: 'INVALID_TOPOLOGY' });
    return (error as Error).message;
  }
}

describe('checkTopologyConfig', () => {
  it('accepts a cluster of three', () => {
    expect(faultsOf(valid)).toBe('');
  });

  it('names every fault at once', () => {
    const [first, second] = valid.members;
    const faults = faultsOf({
      clusterId: 'mine',
      partitions: 100,
      members: [
        { ...first!, weight: 0 },
        { ...second!, id: first!.id, address: 'here' },
      ],
      keyspaces: [{ id: 0, name: 'Default', replicas: 3 }],
    });
    for (const fault of [
      'clusterId must be a lowercase UUID, got mine',
      'partitions must be a power of two from 8 to 65536, got 100',
      "a member's weight must be above 0 and at most 1000, got 0",
      'a member\'s address must be host:port, got "here"',
      `two members with the id: ${first!.id}`,
      "a keyspace's id must be 1 to 2^32-1, got 0",
      "a keyspace's name must match",
      'must have 1 to 2 replicas in a cluster of 2, got 3',
    ]) {
      expect(faults).toContain(fault);
    }
  });

  it('has no time to live, no strength and no sloppiness, where there are siblings', () => {
    const carts = { id: 2, name: 'carts', replicas: 1, conflict: 'siblings' } as const;
    const faults = (more: object): string =>
      faultsOf({ ...valid, keyspaces: [...valid.keyspaces, { ...carts, ...more }] });
    expect(faults({})).toBe('');
    expect(faults({ ttlMs: 1000 })).toContain('they live until they are replaced');
    expect(faults({ sloppy: true })).toContain('only owners count, it cannot be sloppy');
    expect(faults({ mode: 'strong' })).toContain('it has no conflicts and no siblings');
  });

  it('wants at least one member and one keyspace', () => {
    expect(faultsOf({ ...valid, members: [], keyspaces: [] })).toMatch(
      /1 to 1024 members, got 0; .*at least one keyspace/,
    );
  });
});
