/**
 * Rounds of `kill -9` under load: writers write through the SDK, a random node is killed (in each fifth round all of
 * them), the killed are started again, and everything that was ever acknowledged is read back.
 */
import { connect, type Keyspace } from '@kv/client-sdk';
import type { LocalCluster, LocalNode } from '@kv/local-cluster';
import { SeededRandom } from '@kv/simulation';
import { type LostWrite, WriteLedger } from './write-ledger.ts';
import { runWriters } from './writers.ts';

export interface KillOptions {
  readonly rounds: number;
  /** Milliseconds that each round writes; the kill comes somewhere in the middle. */
  readonly roundMs: number;
  readonly seed: number;
  readonly log?: (line: string) => void;
}

export interface KillReport {
  readonly rounds: number;
  readonly kills: number;
  readonly acknowledged: number;
  /** Writes whose outcome is open: unknown, or refused while too few nodes were up. */
  readonly open: number;
  readonly keysRead: number;
  readonly lost: readonly LostWrite[];
}

export async function runKillRounds(cluster: LocalCluster, options: KillOptions): Promise<KillReport> {
  const ledger = new WriteLedger();
  const random = new SeededRandom(options.seed);
  const addresses = cluster.nodes.map(({ address }) => address).join(',');
  await using client = await connect(`kv://${addresses}`);
  const keyspace = client.keyspace<string>('default');
  let kills = 0;
  for (let round = 1; round <= options.rounds; round += 1) {
    const victims = chooseVictims(cluster, round, random);
    kills += victims.length;
    await runRound(keyspace, ledger, victims, round, options.roundMs, random);
    await cluster.waitReady();
    const names = victims.map(({ name }) => name).join(', ');
    options.log?.(`round ${round}/${options.rounds}: killed ${names}; ${ledger.acknowledgements} acknowledged so far`);
  }
  const lost = await readBack(keyspace, ledger);
  return {
    rounds: options.rounds,
    kills,
    acknowledged: ledger.acknowledgements,
    open: ledger.open,
    keysRead: ledger.keys.length,
    lost,
  };
}

async function runRound(
  keyspace: Keyspace<string>,
  ledger: WriteLedger,
  victims: readonly LocalNode[],
  round: number,
  roundMs: number,
  random: SeededRandom,
): Promise<void> {
  const stop = new AbortController();
  const options = { writers: 8, keysPerWriter: 20, valueBytes: 10_000, prefix: `round-${round}` };
  const writing = runWriters(keyspace, ledger, options, stop.signal);
  await elapse(roundMs * (0.2 + 0.4 * random.next()));
  for (const victim of victims) victim.kill('SIGKILL');
  await Promise.all(victims.map(({ exited }) => exited));
  await elapse(roundMs * 0.3);
  await Promise.all(victims.map((victim) => victim.restart()));
  await elapse(roundMs * 0.2);
  stop.abort();
  await writing;
}

function chooseVictims({ nodes }: LocalCluster, round: number, random: SeededRandom): readonly LocalNode[] {
  return round % 5 === 0 ? nodes : [random.pick(nodes)];
}

async function readBack(keyspace: Keyspace<string>, ledger: WriteLedger): Promise<LostWrite[]> {
  const lost: LostWrite[] = [];
  for (const key of ledger.keys) {
    const loss = ledger.check(key, await keyspace.get(key));
    if (loss !== undefined) lost.push(loss);
  }
  return lost;
}

function elapse(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
