/**
 * A process on a faulty disk: a store lives through one fault after another, and says of each what came of it.
 *
 *     faulty-process.ts DIRECTORY SEED ROUNDS
 *
 * The plan's path is in FAULTY_DISK_PLAN, the store in DIRECTORY/store. Ends with an error if the store breaks a promise.
 */

import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../../contract/index.ts';
import { StorageError, inlineJobs, openStorage, repairStorage } from '../index.ts';
import type { OpenStorageOptions, StorageEngine } from '../index.ts';
import { codeOf } from '../../testing/store.ts';
import { takeCrashImage } from './crash-image.ts';
import { FAULTS } from './faults.ts';
import type { Fault, FaultReport, Outcome } from './faults.ts';
import { FaultyDisk } from './faulty-disk.ts';
import { Ledger } from './ledger.ts';
import { seededWrite } from './seeded-writes.ts';
import { sharedThreads } from './shared-threads.ts';

const [, , directory = '', seedText, roundsText] = process.argv;
const [seed, rounds] = [Number(seedText), Number(roundsText)];
const path = join(directory, 'store');
const WRITES = 30;
const IN_FLIGHT = 4;
const SIZES: OpenStorageOptions = { memtableBytes: 64 * 1024, blockBytes: 1024, cacheBytes: 64 * 1024, scaling: 0 };

const threads = sharedThreads(path);
const OPTIONS: OpenStorageOptions = { ...SIZES, jobs: threads.jobs };

const disk = new FaultyDisk(process.env['FAULTY_DISK_PLAN'] ?? '');
const random = seededRandom(seed);
/** Up to which call each fault may begin: for the first time certainly one that comes, later lowered to those that came. */
const reach = FAULTS.map(({ within }) => 3 * within);
const ledger = new Ledger();
let written = 0;

for (let round = 0; round < rounds; round++) {
  const which = round % FAULTS.length;
  const fault = FAULTS[which] as Fault;
  const from = 1 + Math.floor(random() * (round === which ? fault.within : (reach[which] as number)));
  const arm = (): void => disk.arm({ ...fault.plan, from });
  try {
    const outcome = await live(fault, arm);
    if (disk.struck === 0) reach[which] = Math.max(1, disk.seen);
    const report: FaultReport = { fault: fault.name, from, struck: disk.struckCalls, outcome };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } catch (cause) {
    throw new Error(`seed ${seed}, round ${round}, ${fault.name} from call ${from} on`, { cause });
  }
}
await threads.stop();

/** Opens, writes and closes the store, with the fault in one of them, then looks at what there is without it. */
async function live(fault: Fault, arm: () => void): Promise<Outcome> {
  if (fault.during === 'repair') await repair(arm);
  // A dead process has left its lock.
  if (existsSync(path)) writeFileSync(join(path, 'LOCK'), '{"pid":1073741824}');
  if (fault.during === 'opening') arm();
  const engine = await openStorage(path, OPTIONS).catch(assertStorageError);
  if (engine === undefined) return recoverWith('not opened');
  disk.disarm();
  ledger.settle(engine);
  if (fault.during === 'writing') arm();
  const refused = await writeAll(engine);
  if (refused || isPoisoned(engine)) await crash();
  disk.disarm();
  await settle(engine);
  const poisoned = isPoisoned(engine);
  ledger.assertRead(engine);
  if (poisoned) await assertPoisoned(engine);
  else await goOn(engine);
  if (fault.during === 'checkpoint' && !poisoned) await checkpoint(engine, arm);
  if (fault.during === 'closing') arm();
  const closed = await codeOf(() => engine.close());
  return recoverWith(poisoned ? 'poisoned' : refused ? 'refused' : closed === undefined ? 'unharmed' : 'not closed');
}

async function recoverWith(outcome: Outcome): Promise<Outcome> {
  disk.disarm();
  const engine = await openStorage(path, OPTIONS);
  ledger.settle(engine);
  const { damage } = await engine.verify();
  if (damage.length > 0) throw new AggregateError(damage, 'damage is left');
  await engine.settled();
  await engine.close();
  return outcome;
}

/** Whether any write was refused for want of space. */
async function writeAll(engine: StorageEngine): Promise<boolean> {
  const codes: Promise<unknown>[] = [];
  for (let i = 0; i < WRITES; i++) {
    codes.push(ledger.write(engine, seededWrite(seed, written++)));
    if (i >= IN_FLIGHT) await codes[i - IN_FLIGHT];
    if (i % 11 === 10) await codeOf(() => engine.get(Buffer.from(`key${10 + i}`)));
  }
  const refused = (await Promise.all(codes)).includes('DISK_FULL');
  if (!refused) await codeOf(() => engine.flush());
  return refused;
}

/** What is on the disk now is what a killed process leaves. */
async function crash(): Promise<void> {
  const image = join(directory, '..', 'image');
  takeCrashImage(path, image);
  const engine = await openStorage(image, { ...SIZES, jobs: inlineJobs });
  ledger.assertFound(engine);
  await engine.close();
}

/** One that failed can be made anew under its name. */
async function checkpoint(engine: StorageEngine, arm: () => void): Promise<void> {
  arm();
  const failed = (await engine.checkpoint('copy').catch(assertStorageError)) === undefined;
  disk.disarm();
  await settle(engine);
  ledger.assertRead(engine);
  if (isPoisoned(engine)) return rmSync(join(path, 'checkpoints'), { recursive: true, force: true });
  if (failed) await engine.checkpoint('copy');
  const copy = await openStorage(join(path, 'checkpoints/copy'), { ...SIZES, readOnly: true });
  ledger.assertRead(copy);
  await copy.close();
  rmSync(join(path, 'checkpoints'), { recursive: true });
}

/** One that failed can be begun again. */
async function repair(arm: () => void): Promise<void> {
  arm();
  const report = await repairStorage(path).catch(assertStorageError);
  disk.disarm();
  if (report === undefined) await repairStorage(path);
}

async function assertPoisoned(engine: StorageEngine): Promise<void> {
  const code = await codeOf(() => engine.put(Buffer.from('after'), Buffer.from('the failure')));
  if (code !== 'POISONED') throw new Error(`a write to a poisoned store ended with ${String(code)}`);
  ledger.assertRead(engine);
}

/** A flush and a compaction may each still fail with what they met before the disk was well again; the next may not. */
async function settle(engine: StorageEngine): Promise<void> {
  for (let thread = 0; thread < 2; thread++) await engine.settled().catch(assertStorageError);
  if (!isPoisoned(engine)) await engine.settled();
}

function isPoisoned(engine: StorageEngine): boolean {
  return engine.stats().state === 'poisoned';
}

/** Writes resume by themselves. */
async function goOn(engine: StorageEngine): Promise<void> {
  const code = await ledger.write(engine, seededWrite(seed, written++));
  if (code !== undefined) throw new Error('a write failed on a disk that is well again', { cause: code });
  ledger.assertRead(engine);
}

function assertStorageError(error: unknown): undefined {
  if (!(error instanceof StorageError)) throw error;
}
