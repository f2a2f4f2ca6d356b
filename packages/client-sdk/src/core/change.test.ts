import { formatVersion, parseVersion, type Version } from '@kv/quorum';
import { type Change, type ChangeReply, encodeRecordMeta, type Message } from '@kv/wire';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Behaviour, FakeCluster, type FakeNode } from '../testing/fake-cluster.ts';
import type { KvClient } from './client.ts';
import type { Keyspace } from './keyspace.ts';
import type { StandardSchema } from './standard-schema.ts';

let cluster: FakeCluster;
let kv: KvClient;
let locks: Keyspace;

beforeEach(async () => {
  cluster = new FakeCluster();
  const [first] = cluster.topology().keyspaces;
  cluster.further.push({ ...first!, id: 2, name: 'locks', mode: 'strong', sloppy: false });
  kv = await cluster.connect();
  locks = kv.keyspace('locks');
});

const changes = (): Change[] => cluster.nodes.flatMap((node) => node.got('change'));
const version = (ms: number): Version => ({ ms, counter: 0, actor: 'a'.repeat(32) });

function reply(more: Partial<ChangeReply> & Pick<ChangeReply, 'outcome'>): Behaviour {
  return (message) => {
    if (message.type !== 'change') return 'silence';
    const applied = { version: message.operation ?? version(1) };
    const type = 'change-reply';
    return { type, receipt: cluster.receipt(2, 2), ...(more.outcome === 'applied' && applied), ...more } as ChangeReply;
  };
}

/** One register behind all nodes; `before` runs ahead of each change, as another writer would. */
function serveRegister(before: (register: Register) => void = () => undefined): Register {
  const register = new Register();
  cluster.everywhere((message) => {
    if (message.type === 'change') before(register);
    return register.serve(message);
  });
  return register;
}

class Register {
  text: string | undefined;
  version: Version = version(1);

  put(text: string | undefined): void {
    this.text = text;
    this.version = version(this.version.ms + 1);
  }

  serve(message: Message): Message | 'silence' {
    const receipt = cluster.receipt(2, 2);
    const value = new TextEncoder().encode(this.text ?? '');
    const fields = { codec: 0, rawLength: value.length, contentType: 'application/json' };
    const meta = encodeRecordMeta({ kind: 'value', version: this.version, ...fields });
    if (message.type === 'get') {
      if (this.text === undefined) return { type: 'get-reply', found: 'absent', receipt };
      return { type: 'get-reply', found: 'found', meta, value, receipt };
    }
    if (message.type !== 'change') return 'silence';
    const { condition, to, wantCurrent } = message;
    const current = this.text === undefined ? undefined : this.version;
    const holds =
      condition.type === 'none' ||
      (condition.type === 'absent' ? current === undefined : current?.ms === condition.version.ms);
    if (!holds) {
      const told = {
        ...(current && { version: current }),
        ...(current && wantCurrent && { current: { meta, value } }),
      };
      return { type: 'change-reply', outcome: 'conflict', ...told, receipt };
    }
    this.put(to.type === 'put' ? new TextDecoder().decode(to.value) : undefined);
    return { type: 'change-reply', outcome: 'applied', version: this.version, receipt };
  }
}

describe('a write in a strong keyspace', () => {
  it('is a change under a stamp of the client, and tells the version that the key has now', async () => {
    cluster.everywhere(reply({ outcome: 'applied', version: version(7) }));
    const result = await cluster.settle(locks.set('a', 'x'));
    expect(result).toMatchObject({ outcome: 'applied', certain: true, winner: undefined });
    expect(parseVersion(result.version)).toEqual(version(7));
    await cluster.settle(locks.delete('a'));
    const [set, deleted] = changes();
    expect(set).toMatchObject({ condition: { type: 'none' }, to: { type: 'put' }, wantCurrent: false });
    expect(set?.operation?.ms).toBeGreaterThan(0);
    expect(deleted?.to).toEqual({ type: 'delete' });
    expect(cluster.nodes.flatMap((node) => [...node.got('put'), ...node.got('delete')])).toEqual([]);
  });

  it('is refused where it asks for what no strong keyspace does, and nothing is sent', async () => {
    const sloppy = { sloppy: true };
    const calls: (() => Promise<unknown>)[] = [
      () => locks.set('a', 'x', sloppy),
      () => locks.delete('a', sloppy),
      () => locks.get('a', sloppy),
      () => locks.getEntry('a', sloppy),
      // As who writes JavaScript may say it.
      () => locks.update('a', () => 'x', sloppy as object),
    ];
    for (const call of calls) expect(await cluster.failure(call())).toMatchObject({ code: 'NOT_SUPPORTED' });
    const [outcome] = await cluster.settle(locks.batch([{ type: 'set', key: 'a', value: 'x', sloppy: true }]));
    expect(outcome).toMatchObject({ ok: false, error: { code: 'NOT_SUPPORTED' } });
    expect([...changes(), ...cluster.nodes.flatMap((node) => node.got('get'))]).toEqual([]);
  });

  it('carries its condition, and fails with CONFLICT that names what the key has, at once and for good', async () => {
    const text = formatVersion(version(5));
    cluster.everywhere(reply({ outcome: 'conflict', version: version(6) }));
    for (const call of [() => locks.set('a', 1, { ifMatch: text }), () => locks.delete('a', { ifMatch: text })]) {
      const error = await cluster.failure(call());
      expect(error).toMatchObject({ code: 'CONFLICT', outcome: 'rejected', retryable: false });
      expect([error.version, error.receipt?.needed]).toEqual([formatVersion(version(6)), 2]);
    }
    cluster.everywhere(reply({ outcome: 'conflict' }));
    const absent = await cluster.failure(locks.set('a', 1, { ifAbsent: true }));
    expect([absent.code, absent.version, absent.message]).toEqual([
      'CONFLICT',
      undefined,
      'the key has no value; nothing was changed',
    ]);
    const matching = { type: 'version', version: version(5) };
    expect(changes().map(({ condition }) => condition)).toEqual([matching, matching, { type: 'absent' }]);
  });

  it('is the same operation at the next node when the first does not answer', async () => {
    const [first, ...others] = cluster.nodes as [FakeNode, ...FakeNode[]];
    first.behaviour = () => 'silence';
    for (const node of others) node.behaviour = reply({ outcome: 'applied' });
    for (let key = 0; key < 8; key += 1) await cluster.settle(locks.set(`key ${key}`, 'x'));
    const asked = changes();
    expect(asked.length).toBeGreaterThan(8);
    expect(new Set(asked.map(({ operation }) => JSON.stringify(operation))).size).toBe(8);
  });

  it('is unknown when nobody knows any more whether an earlier try was made', async () => {
    let tries = 0;
    cluster.everywhere((message, node) => {
      tries += 1;
      const outcome = tries === 1 ? { reason: 'deadline' as const } : { reason: 'forgotten' as const };
      return reply({ outcome: 'unknown', ...outcome })(message, node);
    });
    const error = await cluster.failure(locks.set('a', 'x', { timeoutMs: 2000 }));
    expect(error).toMatchObject({ code: 'WRITE_UNKNOWN', outcome: 'unknown', retryable: true });
    expect(new Set(changes().map(({ operation }) => JSON.stringify(operation))).size).toBe(1);
  });

  it('is stamped anew when its only try came too late to be told from one that was forgotten', async () => {
    let tries = 0;
    cluster.everywhere((message, node) => {
      tries += 1;
      const forgotten = reply({ outcome: 'unknown', reason: 'forgotten' });
      return (tries === 1 ? forgotten : reply({ outcome: 'applied' }))(message, node);
    });
    const result = await cluster.settle(locks.set('a', 'x'));
    const [first, second] = changes().map(({ operation }) => operation && formatVersion(operation));
    expect(result.version).toBe(second);
    expect(second! > first!).toBe(true);
  });

  it('is tried again where too few owners were up or too much waited, and says so in the end', async () => {
    for (const [reason, code] of [
      ['too-few-replicas', 'TOO_FEW_REPLICAS'],
      ['busy', 'BUSY'],
    ] as const) {
      cluster.everywhere(reply({ outcome: 'unavailable', reason }));
      const error = await cluster.failure(locks.set('a', 'x', { timeoutMs: 1000 }));
      expect(error).toMatchObject({ outcome: 'rejected', retryable: true });
      expect([code, 'TIMEOUT']).toContain(error.code);
      expect(error.message).toContain(reason);
    }
    expect(changes().length).toBeGreaterThan(6);
  });

  it('says so where no owner that is up has room on its disk', async () => {
    const replicas = cluster.nodes.map(({ id }, index) => {
      const rest = index === 0 ? { answer: 'down' as const } : { answer: 'refused' as const, reason: 'DISK_FULL' };
      return { replica: id, role: 'primary' as const, ...rest };
    });
    const receipt = { ...cluster.receipt(2, 0), replicas };
    cluster.everywhere(reply({ outcome: 'unavailable', reason: 'too-few-replicas', receipt }));
    const error = await cluster.failure(locks.set('a', 'x', { timeoutMs: 1000 }));
    expect(error).toMatchObject({ code: 'DISK_FULL', outcome: 'rejected', retryable: true });
  });

  it('and a read ask for no number of replicas, and are refused with one', async () => {
    await cluster.settle(locks.get('a'));
    expect(cluster.nodes.flatMap((node) => node.got('get')).map(({ r }) => r)).toEqual([undefined]);
    for (const call of [
      () => locks.get('a', { r: 1 }),
      () => locks.get('a', { level: 'one' }),
      () => locks.set('a', 1, { w: 3 }),
      () => locks.delete('a', { level: 'all' }),
    ]) {
      const error = await cluster.failure(call());
      expect([error.code, error.message]).toEqual(['NOT_SUPPORTED', expect.stringContaining('locks is strong')]);
    }
  });
});

describe('an update', () => {
  const add = (current: unknown): number => (typeof current === 'number' ? current + 1 : 1);

  it('stores what is made of the value that is there, or of none', async () => {
    const register = serveRegister();
    expect(await cluster.settle(locks.update('n', add))).toMatchObject({
      outcome: 'applied',
      version: formatVersion(version(2)),
    });
    expect(await cluster.settle(locks.update('n', async (current) => add(current)))).toMatchObject({
      outcome: 'applied',
    });
    expect(register.text).toBe('2');
    expect(changes().map(({ condition }) => condition.type)).toEqual(['absent', 'version']);
  });

  it('begins again with what another writer stored meanwhile, which the conflict tells', async () => {
    let others = 0;
    const register = serveRegister((own) => {
      others += 1;
      if (others <= 3) own.put(`${others * 10}`);
    });
    const seen: unknown[] = [];
    await cluster.settle(locks.update('n', (current) => (seen.push(current), add(current))));
    expect(seen).toEqual([undefined, 10, 20, 30]);
    expect(register.text).toBe('31');
    expect(cluster.nodes.flatMap((node) => node.got('get'))).toHaveLength(1);
  });

  it('removes the value where it makes none of it, and does nothing where there is none either', async () => {
    const register = serveRegister();
    register.put('1');
    expect(await cluster.settle(locks.update('n', () => undefined))).toMatchObject({ outcome: 'applied' });
    expect(register.text).toBeUndefined();
    expect(await cluster.settle(locks.update('n', () => undefined))).toMatchObject({
      outcome: 'unchanged',
      version: undefined,
    });
    expect(changes()).toHaveLength(1);
  });

  it('gives up at its deadline when others always come first, and changed nothing', async () => {
    let others = 0;
    serveRegister((own) => own.put(`${(others += 1)}`));
    const began = cluster.ports.clock.monotonicMs();
    const error = await cluster.failure(locks.update('n', add, { timeoutMs: 500 }));
    expect(error).toMatchObject({ code: 'TIMEOUT', outcome: 'rejected' });
    expect(cluster.ports.clock.monotonicMs() - began).toBeLessThanOrEqual(500);
    expect(error.message).toMatch(/other writers came between until the deadline; the key had the version/);
    expect(others).toBeGreaterThan(3);
  });

  it('ends with what its function throws, with its signal, and with a value that the schema refuses', async () => {
    const register = serveRegister();
    register.put('1');
    const broken = new Error('broken');
    await expect(cluster.settle(locks.update('n', () => Promise.reject(broken)))).rejects.toBe(broken);
    const abort = new AbortController();
    serveRegister((own) => (own.put('9'), abort.abort()));
    const aborted = await cluster.failure(locks.update('n', add, { signal: abort.signal }));
    expect(aborted.code).toBe('ABORTED');
    const schema: StandardSchema<number, number> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => (value === 1 ? { value: 1 } : { issues: [{ message: 'needed 1' }] }),
      },
    };
    const ones = kv.keyspace('locks', { schema });
    serveRegister();
    expect((await cluster.failure(ones.update('n', () => 2))).code).toBe('SCHEMA');
  });
});

describe('in an eventual keyspace', () => {
  it('conditions and updates are refused, naming the mode', async () => {
    const values = kv.keyspace();
    const text = formatVersion(version(5));
    for (const [call, option] of [
      [() => values.set('a', 1, { ifMatch: text }), 'ifMatch'],
      [() => values.set('a', 1, { ifAbsent: true }), 'ifAbsent'],
      [() => values.delete('a', { ifMatch: text }), 'ifMatch'],
      [() => values.update('a', () => 1), 'update'],
    ] as const) {
      const error = await cluster.failure(call());
      expect([error.code, error.message]).toEqual([
        'NOT_SUPPORTED',
        `${option} needs a strong keyspace, and default is eventual`,
      ]);
    }
  });

  it('a condition that cannot be read is refused in a strong one', async () => {
    expect((await cluster.failure(locks.set('a', 1, { ifMatch: 'x' }))).code).toBe('INVALID_CONDITION');
    const both = locks.set('a', 1, { ifMatch: formatVersion(version(5)), ifAbsent: true });
    expect((await cluster.failure(both)).message).toContain('got both');
  });
});
