/** One run: clients at work while faults come and go; then everything is mended, read back, and held to its promises. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect, type KvClient } from '@kv/client-sdk';
import { SeededRandom, type StoredCopy, type Violation } from '@kv/simulation';
import { FaultyCluster } from './cluster/faulty-cluster.ts';
import { checkRun } from './history/check-run.ts';
import { RecordedKeyspace } from './history/recorded-keyspace.ts';
import { Recorder } from './history/recorder.ts';
import type { Fault } from './kinds/fault.ts';
import { Nemesis } from './nemesis.ts';
import { type FaultsReport, makeReport } from './report.ts';
import { readCopies } from './stored-copies.ts';
import { Workload } from './workload.ts';

export interface FaultsOptions {
  /** Everything of the run is in this folder: the members' data and logs, and the histories. */
  readonly folder: string;
  readonly faults: readonly Fault[];
  /** Milliseconds of faults. */
  readonly forMs: number;
  /** Scales how long each fault lasts. */
  readonly pace: number;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

/** N of the keyspace `default` in a cluster of at least three. */
const replicas = 3;
const nodes = 5;
const clientCount = 6;
const timeoutMs = 2_000;
/** How long the keys that could not be read at the end are tried again. */
const finalPatienceMs = 60_000;
const diskMib = { least: 256, perMinute: 48 };

export async function runFaults(options: FaultsOptions): Promise<FaultsReport> {
  const { folder, faults, forMs, pace, seed, log = () => undefined } = options;
  const random = new SeededRandom(seed);
  const diskBytes = Math.ceil(diskMib.least + (diskMib.perMinute * forMs) / 60_000) * 1024 * 1024;
  await using cluster = await FaultyCluster.start({ nodes, data: join(folder, 'data'), diskBytes });
  const recorder: Recorder = new Recorder(() => nemesis.isActive);
  const nemesis = new Nemesis(cluster, {
    faults: faults.filter(({ lacks }) => lacks === undefined),
    forMs,
    pace,
    random: random.fork('faults'),
    underWay: () => recorder.underWay,
    log,
  });
  await using connected = await connectAll(cluster);
  const clients = connected.clients.map((client, index) => {
    return new RecordedKeyspace(`c${index + 1}`, client.keyspace<string>('default'), recorder, { timeoutMs });
  });
  const load = { workers: 4, keys: 20, operationsPerKey: 200, thinkMs: 40, random: random.fork('workload') };
  const workload = new Workload(load);
  const stop = new AbortController();
  const working = workload.run(clients, stop.signal);
  await nemesis.run();
  await delay(500);
  stop.abort();
  await working;
  const copies = await settle(cluster, clients, workload.keys);
  const violations = [...deathsOf(cluster), ...brokenBy(nemesis), ...checkRun(recorder.operations, copies, replicas)];
  await writeHistory(folder, { recorder, nemesis, violations, copies });
  return makeReport({ faults, recorder, episodes: nemesis.episodes, violations, keys: workload.keys.length });
}

async function connectAll({ connection }: FaultyCluster): Promise<AsyncDisposable & { clients: readonly KvClient[] }> {
  const clients: KvClient[] = [];
  for (let number = 1; number <= clientCount; number += 1) clients.push(await connect(connection));
  const close = async (): Promise<void> => {
    await Promise.all(clients.map((client) => client.close()));
  };
  return { clients, [Symbol.asyncDispose]: close };
}

/** Brings back whoever is gone, reads every key at R = N until it is read, and what each owner holds. */
async function settle(
  cluster: FaultyCluster,
  clients: readonly RecordedKeyspace[],
  keys: readonly string[],
): Promise<StoredCopy[]> {
  for (const node of cluster.nodes) if (!node.node.running) await node.start();
  await cluster.waitReady();
  const deadline = performance.now() + finalPatienceMs;
  const waiting = [...keys];
  await Promise.all(
    clients.map(async (client) => {
      for (let key = waiting.shift(); key !== undefined; key = waiting.shift()) {
        const { outcome } = await client.get(key, replicas, true);
        if (outcome !== 'failed') continue;
        if (performance.now() < deadline) waiting.push(key);
        await delay(100);
      }
    }),
  );
  return readCopies(cluster.nodes, keys);
}

/** No fault is a reason for a process to end by itself. */
function deathsOf({ deaths }: FaultyCluster): Violation[] {
  return deaths.map((message) => ({ check: 'process-died', operations: [], message }));
}

/** After each fault a member goes on by itself, or starts again. */
function brokenBy({ episodes }: Nemesis): Violation[] {
  return episodes.flatMap(({ kind, broke }) => {
    return broke === undefined ? [] : [{ check: 'no-recovery', operations: [], message: `after ${kind}: ${broke}` }];
  });
}

interface RunHistory {
  readonly recorder: Recorder;
  readonly nemesis: Nemesis;
  readonly violations: readonly Violation[];
  readonly copies: readonly StoredCopy[];
}

async function writeHistory(folder: string, { recorder, nemesis, violations, copies }: RunHistory): Promise<void> {
  const histories = join(folder, 'histories');
  await mkdir(histories, { recursive: true });
  const lines = (records: readonly unknown[]): string =>
    records.map((record) => `${JSON.stringify(record)}\n`).join('');
  await writeFile(join(histories, 'operations.jsonl'), lines(recorder.operations));
  await writeFile(join(histories, 'faults.jsonl'), lines(nemesis.episodes));
  await writeFile(join(histories, 'copies.jsonl'), lines(copies));
  await writeFile(join(histories, 'violations.jsonl'), lines(violations));
}
