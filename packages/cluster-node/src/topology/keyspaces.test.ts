import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inlineJobs, noCodec, StorageEngine, StorageError } from '@kv/lsm-storage/core';
import { changeIdAt, decodeFrame, encodeFrame, type KeyspaceChange, keyspaceRanges, type Message } from '@kv/wire';
import { TestCluster, type TestMember } from '../testing/test-cluster.ts';
import type { TopologyChangeResult } from './topology-changer.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const unknownKeyspace = { code: 'UNKNOWN_KEYSPACE' };
let changes = 0;

describe('keyspaces of a running cluster', () => {
  let cluster: TestCluster;
  let members: readonly TestMember[];

  beforeEach(async () => {
    cluster = await TestCluster.start({ turn, members: 3, options: { requestTimeoutMs: 2000 } });
    members = cluster.members;
    await cluster.elapse(1000);
  });

  afterEach(() => cluster.close());

  async function change(at: TestMember, asked: KeyspaceChange, id?: string): Promise<TopologyChangeResult> {
    const request = { id: id ?? nextId(), change: asked };
    const answers: TopologyChangeResult[] = [];
    at.node!.changeKeyspace({ ...request, timeoutMs: 2000 }, (result) => answers.push(result));
    for (let waited = 0; answers.length === 0 && waited < 4000; waited += 50) await cluster.elapse(50);
    return answers[0]!;
  }

  /** `laterMs`: than now. */
  function nextId(laterMs = 0): string {
    changes += 1;
    return changeIdAt(cluster.time.wallMs() + laterMs, changes.toString(16).padStart(19, '0'));
  }

  it('do not go back where the disk was full for some of their changes, and there was room again', async () => {
    const third = members[2]!;
    await change(members[0]!, create('one'));
    third.disk.observe(({ operation }) => {
      if (operation === 'write' || operation === 'create') throw new StorageError('DISK_FULL', 'no space');
      return undefined;
    });
    await change(members[0]!, create('two'));
    await cluster.elapse(1000);
    await change(members[1]!, { kind: 'drop', name: 'one' });
    await cluster.elapse(1000);
    third.disk.observe(undefined);
    await cluster.elapse(30_000);
    await cluster.kill(third);
    const { topology } = await cluster.open(third);
    expect(topology.epoch).toBe(4);
    expect(topology.state.keyspaces.map(({ name }) => name)).toEqual(['default', 'two']);
  });

  const create = (name: string, more: Partial<KeyspaceChange & { kind: 'create' }> = {}): KeyspaceChange => ({
    kind: 'create',
    name,
    settings: {},
    ...more,
  });

  it('are made at any member and usable at every other at once', async () => {
    const result = await change(members[0]!, create('orders', { settings: { ttlMs: 1000, readLevel: 'all' } }));
    expect(result).toMatchObject({ outcome: 'changed', topology: { epoch: 2, nextKeyspaceId: 3 } });
    for (const { node } of members) {
      expect(node!.topology.keyspace('orders')).toMatchObject({
        id: 2,
        replicas: 3,
        mode: 'eventual',
        sloppy: true,
        readLevel: 'all',
        writeLevel: 'quorum',
        ttlMs: 1000,
        since: 2,
      });
    }
    expect(await cluster.put(members[1]!, 'key', 'value', { keyspace: 'orders' })).toMatchObject({
      outcome: 'applied',
    });
    const read = await cluster.get(members[2]!, 'key', { keyspace: 'orders' });
    expect(read).toMatchObject({ outcome: 'found', receipt: { needed: 3, epoch: 2 } });
    expect(await cluster.get(members[2]!, 'key')).toMatchObject({ outcome: 'absent' });
  });

  it('with siblings are never sloppy, and are not said to be', async () => {
    const made = await change(members[0]!, create('carts', { settings: { conflict: 'siblings' } }));
    expect(made).toMatchObject({ outcome: 'changed' });
    expect(members[1]!.node!.topology.keyspace('carts')).toMatchObject({ conflict: 'siblings', sloppy: false });
    const sloppy = { kind: 'alter', name: 'carts', settings: { sloppy: true } } as const;
    const refused = await change(members[0]!, sloppy);
    expect(refused).toMatchObject({ outcome: 'refused', error: { code: 'INVALID_KEYSPACE' } });
    expect(refused.outcome === 'refused' && refused.error.message).toContain('only owners count, it cannot be sloppy');
    const read = { keyspace: 'carts', sloppy: true };
    await expect(cluster.get(members[0]!, 'key', read)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    const altered = await change(members[0]!, { kind: 'alter', name: 'carts', settings: { readLevel: 'all' } });
    expect(altered).toMatchObject({ outcome: 'changed' });
  });

  it('are refused by name where they make no sense, and then nothing changes', async () => {
    const refused = async (asked: KeyspaceChange): Promise<unknown> => {
      const result = await change(members[0]!, asked);
      return result.outcome === 'refused' ? result.error.code : result;
    };
    expect(await refused(create('default'))).toBe('KEYSPACE_EXISTS');
    expect(await refused(create('No'))).toBe('INVALID_KEYSPACE');
    expect(await refused(create('many', { replicas: 4 }))).toBe('INVALID_KEYSPACE');
    expect(await refused(create('odd', { settings: { mode: 'strong', sloppy: true } }))).toBe('INVALID_KEYSPACE');
    expect(await refused(create('odd', { settings: { conflict: 'siblings', sloppy: true } }))).toBe('INVALID_KEYSPACE');
    expect(await refused({ kind: 'alter', name: 'default', settings: { mode: 'strong' } })).toBe('KEYSPACE_FIXED');
    expect(await refused({ kind: 'alter', name: 'default', settings: { conflict: 'siblings' } })).toBe(
      'KEYSPACE_FIXED',
    );
    expect(await refused({ kind: 'alter', name: 'default', replicas: 2, settings: {} })).toBe('KEYSPACE_FIXED');
    expect(await refused({ kind: 'drop', name: 'none' })).toBe('UNKNOWN_KEYSPACE');
    expect(members.map(({ node }) => node!.topology.epoch)).toEqual([1, 1, 1]);
  });

  it('a change that is tried again under its id is not made again', async () => {
    const id = nextId();
    const first = await change(members[0]!, create('once'), id);
    const again = await change(members[1]!, create('once'), id);
    expect([first, again]).toMatchObject([
      { outcome: 'changed', topology: { epoch: 2 } },
      { outcome: 'changed', topology: { epoch: 2 } },
    ]);
  });

  it('another change under an id that was used is another change', async () => {
    const id = nextId();
    await change(members[0]!, create('one'), id);
    const other = await change(members[1]!, create('two'), id);
    const altered = await change(members[2]!, { kind: 'alter', name: 'two', settings: { ttlMs: 1000 } }, id);
    const dropped = await change(members[0]!, { kind: 'drop', name: 'one' }, id);
    expect([other, altered, dropped].map(({ outcome }) => outcome)).toEqual(['changed', 'changed', 'changed']);
    expect(await change(members[1]!, { kind: 'drop', name: 'one' }, id)).toMatchObject({ topology: { epoch: 5 } });
    const { keyspaces } = members[0]!.node!.topology.state;
    expect(keyspaces.map(({ name, ttlMs }) => [name, ttlMs])).toEqual([
      ['default', undefined],
      ['two', 1000],
    ]);
  });

  it('changes asked for at the same time at two members become two epochs', async () => {
    const results = await Promise.all([change(members[0]!, create('left')), change(members[1]!, create('right'))]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['changed', 'changed']);
    await cluster.elapse(500);
    for (const { node } of members) {
      expect(node!.topology.epoch).toBe(3);
      expect(node!.topology.state.keyspaces.map(({ id }) => id)).toEqual([1, 2, 3]);
    }
  });

  it('a dropped one is refused everywhere, its data erased, and its id not used again', async () => {
    await change(members[0]!, create('gone'));
    await cluster.put(members[0]!, 'key', 'value', { keyspace: 'gone', w: 3 });
    expect(await change(members[1]!, { kind: 'drop', name: 'gone' })).toMatchObject({ outcome: 'changed' });
    await cluster.elapse(100);
    for (const member of members) {
      expect(() => member.node!.get({ keyspace: 'gone', key: new Uint8Array([1]) }, () => undefined)).toThrow(
        expect.objectContaining({ code: 'UNKNOWN_KEYSPACE' }),
      );
    }
    const result = await change(members[0]!, create('gone'));
    expect(result).toMatchObject({ topology: { epoch: 4, keyspaces: [{ id: 1 }, { id: 3, name: 'gone' }] } });
    expect(await cluster.get(members[0]!, 'key', { keyspace: 'gone' })).toMatchObject({ outcome: 'absent' });
    expect(await storedAnywhere(2)).toBe(0);
  });

  it('what is written to a keyspace is on all disks, as the tests around this one count it', async () => {
    await change(members[0]!, create('there'));
    await cluster.put(members[0]!, 'key', 'value', { keyspace: 'there', w: 3 });
    expect(await storedAnywhere(2)).toBe(3);
  });

  it('a member that was away learns of a change from the first frame it gets, and erases what was dropped', async () => {
    await change(members[0]!, create('gone'));
    await cluster.put(members[0]!, 'key', 'value', { keyspace: 'gone', w: 3 });
    await members[2]!.node!.close();
    members[2]!.node = undefined;
    expect(await change(members[0]!, { kind: 'drop', name: 'gone' })).toMatchObject({ outcome: 'changed' });
    const back = await cluster.open(members[2]!);
    expect(back.topology.epoch).toBe(2);
    back.start();
    await cluster.elapse(2000);
    expect(back.topology.epoch).toBe(3);
    expect(await storedAnywhere(2)).toBe(0);
  });

  it('a change is told only once every member that is alive goes by it, durably', async () => {
    const late = members[2]!;
    const held: Uint8Array[] = [];
    // It is slow to hear anything of the others, and alive.
    late.intercept = (frame) => void held.push(frame);
    const told = change(members[0]!, create('orders'));
    await cluster.elapse(500);
    expect(members.map(({ node }) => node!.topology.epoch)).toEqual([2, 2, 1]);
    late.intercept = undefined;
    const result = await told;
    expect(result).toMatchObject({ outcome: 'changed', topology: { epoch: 2 }, behind: [] });
    expect(late.node!.topology.epoch).toBe(2);
    late.disk = late.disk.afterPowerLoss(() => 0.5);
    expect((await cluster.open(late)).topology.epoch).toBe(2);
  });

  it('a change that a living member does not acknowledge is told as made by the deadline, and names it', async () => {
    const late = members[2]!;
    cluster.cut(late, members[0]!);
    cluster.cut(late, members[1]!);
    const result = await change(members[0]!, create('orders'));
    expect(result).toMatchObject({ outcome: 'changed', topology: { epoch: 2 }, behind: [late.id] });
    const id = nextId();
    expect(await change(members[0]!, create('other'), id)).toMatchObject({ outcome: 'changed', behind: [late.id] });
    cluster.heal();
    // Asked again under its id it is the same change, and waits for those who did not know.
    const again = await change(members[1]!, create('other'), id);
    expect(again).toMatchObject({ outcome: 'changed', topology: { epoch: 3 }, behind: [] });
    expect(late.node!.topology.epoch).toBe(3);
  });

  it('a change does not wait for a member that is believed down', async () => {
    await cluster.kill(members[2]!);
    await cluster.elapse(30_000);
    const before = cluster.time.monotonicMs();
    expect(await change(members[0]!, create('orders'))).toMatchObject({ outcome: 'changed', behind: [] });
    expect(cluster.time.monotonicMs() - before).toBeLessThan(500);
  });

  it('a change that was made and forgotten is not made again, through whichever member', async () => {
    const id = nextId();
    const alter = { kind: 'alter', name: 'default', settings: { readLevel: 'one' } } as const;
    expect(await change(members[0]!, alter, id)).toMatchObject({ outcome: 'changed', topology: { epoch: 2 } });
    const back = { ...alter, settings: { readLevel: 'quorum' } } as const;
    for (let other = 0; other < 16; other += 1) await change(members[other % 3]!, back);
    const again = await change(members[1]!, alter, id);
    expect(again).toMatchObject({ outcome: 'refused', error: { code: 'OPERATION_FORGOTTEN' } });
    expect(members[1]!.node!.topology.keyspace('default')).toMatchObject({ readLevel: 'quorum', since: 18 });
  });

  it('a change has an id of about now, or gets one', async () => {
    const ahead = await change(members[0]!, create('ahead'), nextId(60_000));
    expect(ahead).toMatchObject({ outcome: 'refused', error: { code: 'STAMP_TOO_FAR_AHEAD' } });
    const random = await change(members[0]!, create('random'), 'aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa');
    expect(random).toMatchObject({ outcome: 'refused', error: { code: 'INVALID_CHANGE_ID' } });
    const answers: TopologyChangeResult[] = [];
    members[0]!.node!.changeKeyspace({ change: create('once'), timeoutMs: 2000 }, (result) => answers.push(result));
    await cluster.elapse(1000);
    expect(answers).toMatchObject([{ outcome: 'changed', topology: { epoch: 2 } }]);
    // What has an id of now comes after it.
    expect(await change(members[1]!, create('next'))).toMatchObject({ outcome: 'changed', topology: { epoch: 3 } });
  });

  it('a member that missed a creation asks the others before it says that there is no such keyspace', async () => {
    const late = members[2]!;
    await isolated(late, create('orders'));
    const replies: Message[] = [];
    const get = { type: 'get', key: new Uint8Array([1]), want: 'value' } as const;
    const ask = (keyspaceId: number): void => {
      const stamp = { ms: cluster.time.wallMs(), counter: 0 };
      const header = { operationId: 1, epoch: 0, keyspaceId, deadlineMs: 1000, stamp };
      late.node!.serve(encodeFrame(header, get), (frame) => replies.push(decodeFrame(frame).message));
    };
    ask(2);
    await cluster.elapse(100);
    expect(replies).toMatchObject([{ type: 'get-reply', found: 'absent' }]);
    ask(3);
    await cluster.elapse(100);
    expect(replies[1]).toMatchObject({ type: 'error', code: 'UNKNOWN_KEYSPACE' });
  });

  it('a member that could not ask a majority of the voters does not say that there is no such keyspace', async () => {
    const [asked, other, third] = [members[0]!, members[1]!, members[2]!];
    const unheard: (string | undefined)[] = [];
    const refresh = async (): Promise<void> => {
      asked.node!.refreshTopology((error) => unheard.push(error?.code));
      await cluster.elapse(500);
    };
    cluster.cut(asked, other);
    await refresh();
    cluster.cut(asked, third);
    await refresh();
    expect(unheard).toEqual([undefined, 'TOO_FEW_VOTERS']);
    cluster.heal();
    await refresh();
    expect(unheard[2]).toBeUndefined();
  });

  it('what a majority said before tells nothing to who asks when it can be heard no more', async () => {
    await cluster.close();
    cluster = await TestCluster.start({ turn, members: 5 });
    await cluster.elapse(1000);
    const [asked, ...others] = cluster.members as [TestMember, ...TestMember[]];
    const [, , slow, slower] = others as [TestMember, TestMember, TestMember, TestMember];
    for (const voter of [slow, slower]) voter.intercept = () => undefined;
    const unheard: (string | undefined)[] = [];
    const refresh = (): void => asked.node!.refreshTopology((error) => unheard.push(error?.code ?? 'told'));
    refresh();
    await cluster.elapse(50);
    expect(unheard).toEqual(['told']);
    for (const other of others) cluster.cut(asked, other);
    await cluster.elapse(100);
    refresh();
    await cluster.elapse(500);
    expect(unheard).toEqual(['told', 'TOO_FEW_VOTERS']);
  });

  it('a later topology that comes while the voters are asked does not end the asking', async () => {
    const [late, other] = [members[2]!, members[1]!];
    const unheard: (string | undefined)[] = [];
    late.node!.refreshTopology((error) => unheard.push(error?.code ?? 'told'));
    const { state } = late.node!.topology;
    const stamp = { ms: cluster.time.wallMs(), counter: 0 };
    const header = { operationId: 0, epoch: 2, keyspaceId: 0, deadlineMs: 0, stamp };
    late.node!.receive(other.id, encodeFrame(header, { type: 'topology', ...state, epoch: 2 }));
    expect([late.node!.topology.epoch, unheard]).toEqual([2, []]);
    await cluster.elapse(50);
    expect(unheard).toEqual(['told']);
  });

  it('a change that a majority accepted is known soon, though whoever proposed it died before it told anybody', async () => {
    const [proposer, witness, away] = [members[0]!, members[1]!, members[2]!];
    await cluster.kill(away);
    witness.intercept = (frame, from) => {
      const { type } = decodeFrame(frame).message;
      if (type !== 'topology-adopt' && type !== 'topology') witness.node!.receive(from, frame);
    };
    proposer.node!.changeKeyspace({ change: create('orders'), timeoutMs: 2000 }, () => undefined);
    await cluster.elapse(200);
    expect([proposer, witness].map(({ node }) => node!.topology.epoch)).toEqual([2, 1]);
    await cluster.kill(proposer);
    witness.intercept = undefined;
    await cluster.restart(away);
    await cluster.elapse(5000);
    for (const { node } of [witness, away])
      expect(node!.topology.keyspace('orders')).toMatchObject({ id: 2, since: 2 });
  });

  it('a member that hears nothing says so soon, and who asks for what is nowhere makes the others little work', async () => {
    const late = members[2]!;
    let told = 0;
    const refresh = (): void => late.node!.refreshTopology(() => (told += 1));
    let asked = 0;
    cluster.tap(({ type }) => (asked += Number(type === 'topology-request')));
    for (let request = 0; request < 3000; request += 1) refresh();
    expect(asked).toBe(2);
    // More do not wait.
    expect(told).toBe(3000 - 1024);
    await cluster.elapse(50);
    expect(told).toBe(3000);
    refresh();
    expect([asked, told]).toEqual([2, 3001]);
    late.intercept = () => undefined;
    await cluster.elapse(150);
    const before = asked;
    refresh();
    expect([asked, told]).toEqual([before + 2, 3001]);
    await cluster.elapse(500);
    expect(told).toBe(3002);
  });

  it('without a majority of the voters nothing is changed, and it is said so', async () => {
    cluster.cut(members[0]!, members[1]!);
    cluster.cut(members[0]!, members[2]!);
    expect(await change(members[0]!, create('alone'))).toMatchObject({ outcome: 'unavailable' });
    cluster.heal();
    await cluster.elapse(1000);
    expect(members[0]!.node!.topology.epoch).toBe(1);
  });

  it('a topology that was gone by is remembered across a restart', async () => {
    await change(members[0]!, create('kept'));
    for (const member of members) {
      await member.node!.close();
      expect((await cluster.open(member)).topology.epoch).toBe(2);
    }
  });

  it('a request planned before a change of its keyspace is planned again, under the same version', async () => {
    const late = members[2]!;
    // Member 3 hears of nothing: it plans with epoch 1, and meets the fence of the others.
    cluster.cut(late, members[0]!);
    cluster.cut(late, members[1]!);
    expect(await change(members[0]!, { kind: 'alter', name: 'default', settings: { readLevel: 'all' } })).toMatchObject(
      {
        outcome: 'changed',
      },
    );
    cluster.heal();
    expect(late.node!.topology.epoch).toBe(1);
    const version = { ms: cluster.time.wallMs(), counter: 0, actor: 'ab'.repeat(16) };
    expect(await cluster.put(late, 'key', 'value', { version, w: 3 })).toMatchObject({
      outcome: 'applied',
      version,
      receipt: { epoch: 2, got: 3 },
    });
  });

  it.each(['last-write-wins', 'siblings'] as const)(
    'a request that meets the drop of its keyspace of %s under way ends as one to no keyspace, not as unavailable',
    async (conflict) => {
      const late = members[2]!;
      await change(members[0]!, create('gone', { settings: { conflict } }));
      await isolated(late, { kind: 'drop', name: 'gone' });
      await expect(cluster.get(late, 'key', { keyspace: 'gone', r: 3 })).rejects.toMatchObject(unknownKeyspace);
      await change(members[0]!, create('gone', { settings: { conflict } }));
      await isolated(late, { kind: 'drop', name: 'gone' });
      await expect(cluster.put(late, 'key', 'value', { keyspace: 'gone', w: 3 })).rejects.toMatchObject(
        unknownKeyspace,
      );
    },
  );

  it('a request that meets the drop of its strong keyspace under way ends so too', async () => {
    const late = members[2]!;
    await change(members[0]!, create('gone', { settings: { mode: 'strong' } }));
    await isolated(late, { kind: 'drop', name: 'gone' });
    await expect(cluster.get(late, 'key', { keyspace: 'gone' })).rejects.toMatchObject(unknownKeyspace);
    await change(members[0]!, create('gone', { settings: { mode: 'strong' } }));
    await isolated(late, { kind: 'drop', name: 'gone' });
    await expect(cluster.change(late, 'key', 'value', { keyspace: 'gone' })).rejects.toMatchObject(unknownKeyspace);
  });

  /** The member hears nothing of this change until its next request. */
  async function isolated(late: TestMember, asked: KeyspaceChange): Promise<void> {
    for (const other of members) if (other !== late) cluster.cut(late, other);
    const { epoch } = late.node!.topology;
    expect(await change(members[0]!, asked)).toMatchObject({ outcome: 'changed', behind: [late.id] });
    cluster.heal();
    expect(late.node!.topology.epoch).toBe(epoch);
  }

  /** Entries of a keyspace on all disks. The members are closed after this. */
  async function storedAnywhere(keyspaceId: number): Promise<number> {
    let entries = 0;
    for (const { node, disk, manifest } of members) {
      await node?.close();
      const clock = { now: () => cluster.time.wallMs(), pause: () => Promise.resolve() };
      const engine = await StorageEngine.open({ fileSystem: disk, manifest, jobs: inlineJobs, codec: noCodec, clock });
      for (const { gte, lt } of keyspaceRanges(64, keyspaceId)) entries += [...engine.scanMeta({ gte, lt })].length;
      await engine.close();
    }
    return entries;
  }
});
