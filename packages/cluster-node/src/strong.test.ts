import { setImmediate } from 'node:timers/promises';
import { compareVersions, type Version } from '@kv/quorum';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ChangeResult, GetResult } from './requests.ts';
import { TestCluster, type TestMember } from './testing/test-cluster.ts';

const turn = () => setImmediate();
const keyspaces = [{ name: 'strong', replicas: 3, mode: 'strong' }] as const;
const inStrong = { keyspace: 'strong' };

let cluster: TestCluster;
let a: TestMember;
let b: TestMember;
let c: TestMember;

beforeEach(async () => {
  cluster = await TestCluster.start({ turn, keyspaces });
  [a, b, c] = cluster.members as [TestMember, TestMember, TestMember];
  await cluster.elapse(100);
});
afterEach(() => cluster.close());

function textOf(result: GetResult): string | undefined {
  return result.outcome === 'found' ? new TextDecoder().decode(result.value) : undefined;
}

function versionOf(result: ChangeResult): Version {
  if (result.outcome !== 'applied') throw new Error(`needed an applied change, got ${result.outcome}`);
  return result.version;
}

describe('a key of a strong keyspace', () => {
  it('has the value that was put last, through whichever member it is read', async () => {
    const put = await cluster.change(a, 'key', 'value');
    expect(put).toMatchObject({ outcome: 'applied', receipt: { mode: 'strict', epoch: 1, needed: 2 } });
    for (const member of cluster.members) {
      const got = await cluster.get(member, 'key', inStrong);
      expect(got).toMatchObject({ outcome: 'found', version: versionOf(put), contentType: 'text/plain' });
      expect(textOf(got)).toBe('value');
    }
    const deleted = await cluster.change(b, 'key', undefined);
    expect(await cluster.get(c, 'key', inStrong)).toMatchObject({ outcome: 'absent', version: versionOf(deleted) });
  });
});
