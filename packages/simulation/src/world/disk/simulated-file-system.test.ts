import type { FileSystem } from '@kv/lsm-storage/core';
import { describe, expect, it } from 'vitest';
import type { Machine } from '../machine.ts';
import { World } from '../world.ts';
import { type CrashOutcome, processCrash, totalPowerLoss } from './crash.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Runs `work` on a machine's disk in virtual time and returns what it returns. */
async function on<T>(world: World, work: () => Promise<T>): Promise<T> {
  let settled = false;
  const promise = work().finally(() => (settled = true));
  promise.catch(() => undefined);
  await world.run(60_000, () => settled);
  return promise;
}

async function writeFile(fileSystem: FileSystem, path: string, text: string, sync: boolean): Promise<void> {
  const file = await fileSystem.open(path, 'create');
  await file.write(0, [bytes(text)]);
  if (sync) await file.sync();
  await file.close();
}

function machineOf(seed = 1): { world: World; machine: Machine } {
  const world = new World({ seed });
  const machine = world.machine('a');
  machine.start();
  return { world, machine };
}

function restart(machine: Machine, outcome: CrashOutcome): FileSystem {
  machine.crash(outcome);
  machine.start();
  return machine.fileSystem();
}

describe('SimulatedFileSystem after a crash', () => {
  it('has forgotten a file whose name was not synced, however well its bytes were', async () => {
    const { world, machine } = machineOf();
    await on(world, () => writeFile(machine.fileSystem(), 'x', 'hello', true));
    const after = restart(machine, totalPowerLoss);
    expect(await on(world, () => after.list(''))).toEqual([]);
  });

  it('has a synced name with the synced bytes', async () => {
    const { world, machine } = machineOf();
    const before = machine.fileSystem();
    await on(world, () => writeFile(before, 'x', 'hello', true));
    await on(world, () => before.syncDirectory(''));
    const after = restart(machine, totalPowerLoss);
    const file = await on(world, () => after.open('x', 'read'));
    expect(new TextDecoder().decode(file.readSync(0, 99))).toBe('hello');
  });

  it('has either end of a rename and never both or none', async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed += 1) {
      const { world, machine } = machineOf(seed);
      const before = machine.fileSystem();
      await on(world, () => writeFile(before, 'old', 'old bytes', true));
      await on(world, () => writeFile(before, 'new.tmp', 'new bytes', true));
      await on(world, () => before.syncDirectory(''));
      await on(world, () => before.rename('new.tmp', 'old'));
      const after = restart(machine, { ...processCrash, entryReached: 0.5 });
      const names = await on(world, () => after.list(''));
      const file = await on(world, () => after.open('old', 'read'));
      seen.add(`${names.join()}=${new TextDecoder().decode(file.readSync(0, 99))}`);
    }
    expect([...seen].sort()).toEqual(['new.tmp,old=old bytes', 'old=new bytes']);
  });

  it('brings a removed file back when the removal was not synced', async () => {
    const { world, machine } = machineOf();
    const before = machine.fileSystem();
    await on(world, () => writeFile(before, 'x', 'hello', true));
    await on(world, () => before.syncDirectory(''));
    await on(world, () => before.remove('x'));
    expect(await on(world, () => before.exists('x'))).toBe(false);
    const after = restart(machine, totalPowerLoss);
    expect(await on(world, () => after.exists('x'))).toBe(true);
  });

  it('has a linked file under the names that were synced, with the same bytes', async () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 40; seed += 1) {
      const { world, machine } = machineOf(seed);
      const before = machine.fileSystem();
      await on(world, () => writeFile(before, 'a', 'hello', true));
      await on(world, () => before.syncDirectory(''));
      await on(world, () => before.link('a', 'b'));
      await on(world, () => before.remove('a'));
      const after = restart(machine, { ...processCrash, entryReached: 0.5 });
      const names = await on(world, () => after.list(''));
      for (const name of names) {
        const file = await on(world, () => after.open(name, 'read'));
        expect(new TextDecoder().decode(file.readSync(0, 99))).toBe('hello');
      }
      seen.add(names.join());
    }
    expect([...seen].sort()).toEqual(['', 'a', 'a,b', 'b']);
  });

  it('never answers a call of the life before', async () => {
    const { world, machine } = machineOf();
    const before = machine.fileSystem();
    let acted = false;
    void before.list('').then(() => (acted = true));
    const after = restart(machine, totalPowerLoss);
    void before.list('').then(() => (acted = true));
    await on(world, () => after.list(''));
    await world.run(60_000);
    expect(acted).toBe(false);
  });

  it('has let go of its locks', async () => {
    const { world, machine } = machineOf();
    const before = machine.fileSystem();
    await on(world, () => before.lock('LOCK'));
    await expect(on(world, () => before.lock('LOCK'))).rejects.toMatchObject({ code: 'LOCKED' });
    const after = restart(machine, totalPowerLoss);
    await on(world, () => after.lock('LOCK'));
  });
});

describe('a crash at a chosen disk call', () => {
  it('finds the call begun and not answered', async () => {
    const { world, machine } = machineOf();
    const before = machine.fileSystem();
    const losses: number[] = [];
    machine.onDiskCall((kind) => {
      if (kind === 'sync') world.scheduler.after(0, () => losses.push(machine.crash(totalPowerLoss).entries));
    });
    let answered = false;
    void writeFile(before, 'x', 'hello', true).then(() => (answered = true));
    await world.run(60_000);
    expect(answered).toBe(false);
    expect(losses[0]).toBeGreaterThan(0);
  });
});
