/**
 * A process on a small disk that fills up, under the log, under a flush, under a compaction and around an opening. It
 * says what it has been through, and ends with an error if the store breaks a promise.
 *
 *     full-disk-process.ts DISK PLACE SEED ROUNDS      a small disk, and a directory on another one
 */

import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { seededRandom } from '../../contract/index.ts';
import { codeOf } from '../../testing/store.ts';
import { inlineJobs, openStorage } from '../index.ts';
import type { BatchOperation, OpenStorageOptions, StorageEngine } from '../index.ts';
import { takeCrashImage } from './crash-image.ts';
import { Ledger } from './ledger.ts';
import { seededValue } from './seeded-writes.ts';
import { sharedThreads } from './shared-threads.ts';
import { Ballast } from './small-disk.ts';

const [, , disk = '', place = '', seed, rounds] = process.argv;
const path = join(disk, 'store');
const threads = sharedThreads(path);
const ballast = new Ballast(join(disk, 'ballast'));
const random = seededRandom(Number(seed));
const MIB = 1024 * 1024;
let ledger = new Ledger();
let written = 0;

const rate = { compactionBytesPerSecond: 3 * MIB };
for (let round = 0; round < Number(rounds); round++) {
  await scene('the log', { memtableBytes: 64 * MIB }, fillLog);
  await scene('a flush', { memtableBytes: MIB, separateBytes: 4096 }, fillUnderFlush);
  await scene('a compaction', { memtableBytes: MIB, separateBytes: MIB, scaling: 8, ...rate }, fillUnderCompaction);
  await scene('an opening', { memtableBytes: MIB }, fillAroundOpening);
}
await threads.stop();

async function scene(
  name: string,
  sizes: OpenStorageOptions,
  play: (engine: StorageEngine, options: OpenStorageOptions) => Promise<unknown>,
): Promise<void> {
  ledger = new Ledger();
  written = 0;
  const options = { ...sizes, jobs: threads.jobs };
  await play(await openStorage(path, options), options);
  await assertStands(path, options);
  rmSync(path, { recursive: true });
  process.stdout.write(`${name}\n`);
}

/** A group finds no space, wherever it is cut off; what is left of it harms nobody, not even after a crash. */
async function fillLog(engine: StorageEngine): Promise<void> {
  ballast.grow(8 * MIB);
  while ((await write(engine, 100_000)) === undefined);
  assert.ok(written > 50);
  // None of them is smaller than the one that was refused.
  for (const bytes of [200_000, 112_000, 150_000]) {
    await assertRefuses(engine, bytes);
    await assertCrashStands();
  }
  ballast.remove();
  for (let i = 0; i < 20; i++) assert.equal(await write(engine, 30_000), undefined);
  await engine.close();
}

/** The flush fails first; writes are refused when memory is full of what cannot be flushed. */
async function fillUnderFlush(engine: StorageEngine): Promise<void> {
  while (engine.stats().memtables === 1) await write(engine, 10_000);
  await engine.settled();
  const { flushes } = engine.stats();
  while (engine.stats().memtableBytes < 0.9 * MIB) await write(engine, 10_000);
  ballast.leave(MIB / 2);
  while (engine.stats().memtables === 1) assert.equal(await write(engine, 10_000), undefined);
  assert.equal(await codeOf(() => engine.settled()), 'DISK_FULL');
  while ((await write(engine, 10_000)) === undefined);
  await assertRefuses(engine, MIB);
  await assertCrashStands();
  assert.equal(engine.stats().flushes, flushes);
  ballast.remove();
  while (engine.stats().flushes === flushes) await turn();
  for (let i = 0; i < 300; i++) assert.equal(await write(engine, 10_000), undefined);
  await engine.close();
}

/** The merge is given up and its file removed; it succeeds once there is space. */
async function fillUnderCompaction(engine: StorageEngine): Promise<void> {
  for (let run = 0; run < 3; run++) {
    for (let i = 0; i < 40; i++) await write(engine, 10_000);
    await engine.flush();
  }
  const before = new Set(runs());
  const compacting = codeOf(() => engine.compact());
  while (!runs().some((name) => !before.has(name) && statSync(join(path, name)).size > 0)) await turn();
  ballast.grow();
  assert.equal(await compacting, 'DISK_FULL');
  assert.equal(engine.stats().state, 'open');
  assert.equal(codeOfError(engine.stats().compactionFailure), 'DISK_FULL');
  assert.deepEqual(new Set(runs()), before);
  ledger.assertRead(engine);
  ballast.remove();
  assert.equal(await write(engine, 10_000), undefined);
  await engine.compact();
  assert.equal(runs().length, 1);
  assert.equal(engine.stats().compactionFailure, undefined);
  await engine.close();
}

/** Without space a store cannot be closed in order or opened for writing, but be read, and nothing of it is lost. */
async function fillAroundOpening(engine: StorageEngine, options: OpenStorageOptions): Promise<void> {
  for (let i = 0; i < 200; i++) await write(engine, 10_000);
  await engine.settled();
  ballast.grow();
  while ((await write(engine, 100_000)) === undefined);
  const closed = await codeOf(() => engine.close());
  assert.ok(closed === undefined || closed === 'DISK_FULL', String(closed));
  ballast.grow();
  assert.equal(await codeOf(() => openStorage(path, options)), 'DISK_FULL');
  const reading = await openStorage(path, { ...options, readOnly: true });
  ledger.assertRead(reading);
  await reading.close();
  ballast.remove();
}

function write(engine: StorageEngine, bytes: number): Promise<unknown> {
  const value = seededValue(random, Math.floor(bytes * (0.9 + 0.1 * random())));
  const half: BatchOperation = { type: 'put', key: Buffer.from(`half${written}`), value: value.subarray(0, bytes / 2) };
  const whole: BatchOperation = { type: 'put', key: Buffer.from(`key${written++}`), value: value.subarray(bytes / 2) };
  return ledger.write(engine, [half, whole]);
}

async function assertRefuses(engine: StorageEngine, bytes: number): Promise<void> {
  assert.equal(await write(engine, bytes), 'DISK_FULL');
  assert.equal(engine.stats().state, 'open');
  ledger.assertRead(engine);
}

/** What is on the disk now is what a killed process leaves. */
async function assertCrashStands(): Promise<void> {
  const image = join(place, 'image');
  takeCrashImage(path, image);
  await assertStands(image, { jobs: inlineJobs });
  rmSync(image, { recursive: true });
}

async function assertStands(directory: string, options: OpenStorageOptions): Promise<void> {
  const engine = await openStorage(directory, options);
  ledger.assertFound(engine);
  assert.deepEqual((await engine.verify()).damage, []);
  await engine.close();
}

function runs(): string[] {
  return readdirSync(path).filter((name) => name.endsWith('.run'));
}

function codeOfError(error: Error | undefined): unknown {
  return error !== undefined && 'code' in error ? error.code : error;
}
