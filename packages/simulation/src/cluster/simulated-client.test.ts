import type { Version } from '@kv/quorum';
import { decodeFrame, encodeFrame, encodeRecordMeta, type Frame, type Message } from '@kv/wire';
import { describe, expect, it } from 'vitest';
import { totalPowerLoss } from '../world/disk/crash.ts';
import type { Machine } from '../world/machine.ts';
import { World } from '../world/world.ts';
import type { OperationIntent, OperationResult } from './client-operation.ts';
import { packFrame, unpackFrame } from './greeted-frame.ts';
import { SimulatedClient } from './simulated-client.ts';

const receipt = {
  mode: 'strict',
  epoch: 1,
  needed: 2,
  got: 2,
  replicas: [],
  repairs: { sent: 0, acknowledged: 0, needed: 0, held: 0 },
} as const;
const applied = (version: Version): Message => ({
  type: 'write-reply',
  outcome: 'applied',
  version,
  certain: true,
  receipt,
});
const unknown = (version: Version): Message => ({ ...applied(version), outcome: 'unknown' }) as Message;
const refusal: Message = { type: 'error', code: 'NOT_READY', message: 'not ready' };
const coordinatorStamp = { ms: 77, counter: 0, actor: 'b'.repeat(32) };

type Answer = (version: Version) => Message | 'silence';

/** A client and nodes that answer what the test says, each in its turn, whichever is asked. */
function setUp(answers: Answer[], options: { stamp?: number; reportsDeadPeers?: boolean } = {}) {
  const { stamp = 0, reportsDeadPeers = true } = options;
  const world = new World({ seed: 1, network: { reportsDeadPeers } });
  const asked: { node: string; frame: Frame }[] = [];
  const machines = ['n1', 'n2', 'n3'].map((name): Machine => {
    const machine = world.machine(name);
    machine.start();
    const endpoint = machine.listen(name, {
      receive: (from, packed) => {
        const frame = decodeFrame(unpackFrame(packed).frame);
        asked.push({ node: name, frame });
        const { message, header } = frame;
        const own = message.type === 'put' || message.type === 'delete' ? message.version : undefined;
        const reply = answers[asked.length - 1]?.(own ?? coordinatorStamp) ?? 'silence';
        if (reply === 'silence') return;
        const answered = encodeFrame({ ...header, deadlineMs: 0, stamp: { ms: stamp, counter: 0 } }, reply);
        world.network.send(endpoint, from, packFrame(new Uint8Array(0), answered));
      },
    });
    return machine;
  });
  const config = { ownersOf: () => [], nodes: ['n1', 'n2', 'n3'], epoch: 1, tryTimeoutMs: 100, timeoutMs: 1000 };
  const client = new SimulatedClient(world, world.machine('client'), {
    ...config,
    random: world.random.fork('client'),
  });
  const results: OperationResult[] = [];
  const begin = (intent: Partial<OperationIntent>) =>
    client.begin({ kind: 'put', keyspaceId: 1, key: 'k', quorum: 2, stamped: true, ...intent }, (result) =>
      results.push(result),
    );
  return { world, asked, machines, results, begin };
}

describe('SimulatedClient', () => {
  it('tries a write again through another node with the same version', async () => {
    const { world, asked, results, begin } = setUp([() => 'silence', () => refusal, unknown, applied]);
    const version = begin({});
    await world.run(5000);
    expect(results).toEqual([{ outcome: 'applied', version, strict: true }]);
    expect(asked.length).toBe(4);
    expect(new Set(asked.slice(0, 3).map(({ node }) => node)).size).toBe(3);
    for (const { frame } of asked) expect(frame.message).toMatchObject({ type: 'put', version });
  });

  it('says rejected only when every try was refused', async () => {
    const refused = setUp(Array.from({ length: 6 }, () => () => refusal));
    refused.begin({});
    await refused.world.run(5000);
    expect(refused.results.map(({ outcome }) => outcome)).toEqual(['rejected']);
    const doubtful = setUp([() => 'silence', ...Array.from({ length: 5 }, () => () => refusal)]);
    doubtful.begin({});
    await doubtful.world.run(5000);
    expect(doubtful.results.map(({ outcome }) => outcome)).toEqual(['unknown']);
  });

  it('never repeats a write that its coordinator stamps, and learns its version even when it is in doubt', async () => {
    const { world, asked, results, begin } = setUp([unknown, applied]);
    expect(begin({ stamped: false })).toBeUndefined();
    await world.run(5000);
    expect(asked.length).toBe(1);
    expect(results).toEqual([{ outcome: 'unknown', version: coordinatorStamp }]);
  });

  it('stamps after everything that replies told its clock', async () => {
    const far = 2 ** 45;
    const { world, begin } = setUp([applied, applied], { stamp: far });
    expect(begin({})!.ms).toBeLessThan(far);
    await world.run(5000);
    expect(begin({})!.ms).toBeGreaterThanOrEqual(far);
  });

  it('takes a lost link for doubt and goes to another node', async () => {
    const { world, asked, machines, results, begin } = setUp([() => 'silence', applied]);
    begin({});
    await world.run(20);
    machines.find(({ name }) => name === asked[0]!.node)!.crash(totalPowerLoss);
    await world.run(5000);
    expect(asked.length).toBe(2);
    expect(results[0]!.outcome).toBe('applied');
  });

  it('changes a key of a strong keyspace under one stamp, whatever becomes of its tries', async () => {
    const reply = (outcome: 'unavailable' | 'unknown'): Message => {
      return { type: 'change-reply', outcome, reason: 'deadline', receipt };
    };
    const conflict: Message = { type: 'change-reply', outcome: 'conflict', version: coordinatorStamp, receipt };
    const { world, asked, results, begin } = setUp([
      () => reply('unavailable'),
      () => reply('unknown'),
      () => conflict,
    ]);
    const condition = { type: 'version', version: coordinatorStamp } as const;
    const operation = begin({ kind: 'delete', quorum: undefined, condition });
    await world.run(5000);
    expect(results).toEqual([{ outcome: 'conflict', version: coordinatorStamp }]);
    expect(asked).toHaveLength(3);
    for (const { frame } of asked) {
      expect(frame.message).toEqual({
        type: 'change',
        key: expect.anything() as Uint8Array,
        operation,
        condition,
        to: { type: 'delete' },
        wantCurrent: false,
      });
    }
  });

  it('does not know whether a change was made of which one try was in doubt', async () => {
    const unavailable: Message = { type: 'change-reply', outcome: 'unavailable', reason: 'forgotten', receipt };
    const inDoubt = setUp([() => 'silence', ...Array.from({ length: 20 }, () => () => unavailable)]);
    inDoubt.begin({ quorum: undefined, value: new Uint8Array([1]) });
    await inDoubt.world.run(5000);
    expect(inDoubt.results).toMatchObject([{ outcome: 'unknown' }]);
    const refused = setUp(Array.from({ length: 20 }, () => () => unavailable));
    refused.begin({ quorum: undefined, value: new Uint8Array([1]) });
    await refused.world.run(5000);
    expect(refused.results).toMatchObject([{ outcome: 'rejected' }]);
  });

  it('reads what is found, and fails when nobody can tell', async () => {
    const meta = encodeRecordMeta({
      kind: 'value',
      version: coordinatorStamp,
      codec: 0,
      rawLength: 1,
      contentType: 'x/y',
    });
    const found: Message = { type: 'get-reply', found: 'found', meta, value: new Uint8Array([7]), receipt };
    const reading = setUp([() => found]);
    reading.begin({ kind: 'get' });
    await reading.world.run(5000);
    expect(reading.results).toEqual([
      { outcome: 'found', version: coordinatorStamp, value: new Uint8Array([7]), strict: true, lasting: true },
    ]);
    const failing = setUp([]);
    failing.begin({ kind: 'get' });
    await failing.world.run(5000);
    expect(failing.results).toEqual([{ outcome: 'failed', version: undefined }]);
  });
});
