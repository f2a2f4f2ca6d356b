/** What may end a node's process, and what is done then. */
import { StorageError } from '@kv/lsm-storage/core';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../world/seeded-random.ts';
import { World } from '../world/world.ts';
import { Operator } from './operator.ts';
import { SimulatedNode } from './simulated-node.ts';

interface Given {
  readonly node: SimulatedNode;
  readonly failures: string[];
  readonly attend: (what: string, error: unknown) => void;
  /** Lets the time of a restart pass; how often the node was started in it. */
  readonly later: () => Promise<number>;
}

/** A node whose machine runs; its starts are counted and begin nothing but the machine. */
function given(): Given {
  const world = new World({ seed: 1 });
  const machine = world.machine('node-1');
  machine.start();
  const failures: string[] = [];
  let starts = 0;
  const node = new SimulatedNode(world, machine, {} as SimulatedNode['config']);
  node.start = () => {
    starts += 1;
    machine.start();
  };
  const operator = new Operator(world, (what) => failures.push(what));
  const later = async (): Promise<number> => {
    const before = starts;
    await world.run(5000);
    return starts - before;
  };
  return { node, failures, attend: (what, error) => operator.attend(node, what, error), later };
}

const coded = (code: string): Error => Object.assign(new Error('refused'), { code });
const rot = ({ machine }: SimulatedNode): void => {
  const file = machine.disk.createFile('x');
  file.write(0, [Uint8Array.of(1, 2, 3)]);
  file.endSync(file.beginSync());
  machine.disk.rot.turnOne(machine.disk.files(), new SeededRandom(1), { mayBeTorn: () => false });
};

describe('an operator', () => {
  it.each(['could not start', 'stopped by itself', 'could not close'])('takes no excuse when a node %s', (what) => {
    for (const error of [coded('CORRUPTION'), coded('DISK_FULL'), coded('IDENTITY_MISSING'), new TypeError('x')]) {
      const { attend, failures, node } = given();
      attend(what, error);
      expect(failures).toHaveLength(1);
      expect(node.isOut).toBe(false);
    }
  });

  it('starts a node on a full disk again until there is room, and excuses nothing else there', async () => {
    const { node, attend, later, failures } = given();
    node.machine.disk.space.limit(0);
    expect(() => node.machine.disk.createFile('x')).toThrow(StorageError);
    for (let time = 0; time < 10; time += 1) {
      attend('could not start', coded('DISK_FULL'));
      expect(await later()).toBe(1);
    }
    expect(failures).toEqual([]);
    attend('stopped by itself', coded('DISK_FULL'));
    expect(failures).toHaveLength(1);
  });

  it('starts a node on a damaged disk a few times, then leaves it out', async () => {
    const { node, attend, later, failures } = given();
    rot(node);
    for (let time = 0; time < 3; time += 1) {
      attend('could not start', coded('CORRUPTION'));
      expect(await later()).toBe(1);
    }
    attend('could not start', coded('MALFORMED'));
    expect(await later()).toBe(0);
    expect(node.isOut).toBe(true);
    expect(failures).toEqual([]);
  });

  it('does not let a damaged place stop a node that runs, nor damage be met with an error without a code', () => {
    const { node, attend, failures } = given();
    rot(node);
    attend('stopped by itself', coded('CORRUPTION'));
    attend('could not start', new TypeError('x'));
    expect(failures).toHaveLength(2);
  });

  it('leaves a node out that refuses an emptied folder, and takes nothing else for a refusal', () => {
    const { node, attend, failures } = given();
    node.machine.disk.wipe();
    attend('started on an emptied folder', undefined);
    expect(failures).toHaveLength(1);
    expect(node.isOut).toBe(false);
    attend('could not start', coded('IDENTITY_MISSING'));
    expect(node.isOut).toBe(true);
  });
});
