/** A write for which there is no room is told so: 507, and only where that is the whole truth. */
import { Socket } from 'node:net';
import { EventEmitter } from 'node:events';
import {
  Admission,
  type ClusterNode,
  createCounters,
  defaultOptions,
  type PutResult,
  RequestError,
} from '@kv/cluster-node';
import { noRepairs, type ReplicaAnswer, type Version } from '@kv/quorum';
import { describe, expect, it } from 'vitest';
import { createHttpApp } from './app.ts';
import { changeHeaders } from './change-answers.ts';
import type { CoordinatingMember } from './key-routes.ts';

const version: Version = { ms: 1, counter: 0, actor: 'ab'.repeat(16) };
const nothing = () => undefined;

function resultOf(
  outcome: PutResult['outcome'],
  reason: PutResult['reason'],
  answers: Partial<ReplicaAnswer>[],
): PutResult {
  const replicas = answers.map((answer, index) => ({
    replica: `r${index}`,
    role: 'primary' as const,
    answer: 'refused' as const,
    ...answer,
  }));
  const receipt = {
    mode: 'strict',
    epoch: 1,
    needed: 2,
    got: 0,
    replicas,
    repairs: noRepairs,
  } as const;
  return { outcome, version, certain: true, receipt, ...(reason !== undefined && { reason }) };
}

function askFor(method: string, write: CoordinatingMember['delete']): Promise<Response> {
  const topology = { keyspace: nothing } as unknown as ClusterNode['topology'];
  const others = {
    get: nothing,
    scan: nothing,
    change: nothing,
    changeKeyspace: nothing,
    refreshTopology: (done: (unheard: undefined) => void) => done(undefined),
    topology,
    admission: new Admission(defaultOptions, createCounters()),
  };
  const member = { ...others, put: write, delete: write };
  const app = createHttpApp({
    member: () => member,
    status: nothing,
    connections: () => 0,
    nameOf: (id) => id,
    maxValueBytes: 1,
    log: { info: nothing, warn: nothing, error: nothing },
  });
  const incoming = { url: '/v1/keyspaces/default/keys/a', headers: {}, socket: new Socket() };
  const outgoing = new EventEmitter();
  return Promise.resolve(app.fetch(new Request('http://x/', { method }), { incoming, outgoing }));
}

const full = { reason: 'DISK_FULL' };

describe('a write', () => {
  it.each([
    [
      '507 when every owner refused it for want of room',
      507,
      'DISK_FULL',
      resultOf('rejected', 'refused', [full, full, full]),
    ],
    [
      '503 when one refused it for another reason',
      503,
      'REFUSED',
      resultOf('rejected', 'refused', [full, full, { reason: 'NOT_READY' }]),
    ],
    [
      '503 when one may have done it',
      503,
      'TOO_FEW_REPLICAS',
      resultOf('unknown', 'too-few-replicas', [full, full, { answer: 'unreachable' }]),
    ],
  ] as const)('is answered with %s', async (_what, status, code, result) => {
    const response = await askFor('DELETE', (_request, done) => done(result));
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ code, status, outcome: result.outcome });
    expect(response.headers.get('kv-outcome')).toBe(result.outcome);
  });

  it.each([
    ['507 when every owner that is up has no room', 507, 'DISK_FULL', 'unavailable', [full, full, { answer: 'down' }]],
    [
      '503 when one is missing for another reason',
      503,
      'TOO_FEW_REPLICAS',
      'unavailable',
      [full, { reason: 'NOT_READY' }],
    ],
    ['503 when all are down', 503, 'TOO_FEW_REPLICAS', 'unavailable', [{ answer: 'down' }, { answer: 'down' }]],
    ['503 when it may have been made', 503, 'TOO_FEW_REPLICAS', 'unknown', [full, full]],
  ] as const)('in a strong keyspace is answered with %s', (_what, status, code, outcome, answers) => {
    const { receipt } = resultOf('rejected', undefined, [...answers]);
    const result = { outcome, reason: 'too-few-replicas', receipt } as const;
    try {
      changeHeaders(result, 'put', (id) => id);
    } catch (problem) {
      expect(problem).toMatchObject({ code, status });
      return;
    }
    throw new Error('nothing was refused');
  });

  it('is answered with 507 when there is no room to stamp it', async () => {
    const response = await askFor('DELETE', (_request, _done, refused) => {
      setImmediate(() => refused(new RequestError('DISK_FULL', 'nothing was written')));
    });
    expect(response.status).toBe(507);
    expect(await response.json()).toMatchObject({ code: 'DISK_FULL', detail: 'nothing was written' });
  });
});
