/**
 * Whoever runs the cluster: what is done about a node whose process could not begin or ended by itself. On a disk that
 * is full it is started again and again until there is room; on one whose bits have turned over a few times, and is then
 * left out; on one that was emptied it must say so, and is left out at once. Anything else is a mistake of the node.
 */
import { processCrash } from '../world/disk/crash.ts';
import type { World } from '../world/world.ts';
import type { SimulatedNode } from './simulated-node.ts';

/** Virtual milliseconds until a process that ended is started again. */
const restartMs = 1000;

/** Starts on a damaged disk before the node is left out. */
const patience = 3;

export class Operator {
  readonly #world: World;
  readonly #failed: (what: string) => void;
  readonly #starts = new Map<SimulatedNode, number>();

  /** @param failed a node did what none may */
  constructor(world: World, failed: (what: string) => void) {
    this.#world = world;
    this.#failed = failed;
  }

  attend(node: SimulatedNode, what: string, error: unknown): void {
    const code = codeOf(error);
    const { disk } = node.machine;
    if (disk.wiped && code === 'IDENTITY_MISSING') node.leaveOut();
    else if (disk.rot.happened && refusesRot(what, code)) this.#tryAgain(node);
    else if (disk.space.hasRefused && code === 'DISK_FULL' && what === 'could not start') this.#restart(node);
    else this.#failed(`${node.machine.name} ${what}: ${messageOf(error)}`);
  }

  #tryAgain(node: SimulatedNode): void {
    const starts = (this.#starts.get(node) ?? 0) + 1;
    this.#starts.set(node, starts);
    if (starts > patience) node.leaveOut();
    else this.#restart(node);
  }

  #restart(node: SimulatedNode): void {
    node.crash(processCrash);
    this.#world.scheduler.after(restartMs, () => {
      if (!node.isOut && !node.machine.running) node.start();
    });
  }
}

/**
 * A node may refuse to start on a damaged disk, or stop because it believes what a damaged identity says; but while it
 * runs, one damaged place is no reason to stop serving all others.
 */
function refusesRot(what: string, code: string | undefined): boolean {
  return code !== undefined && (what !== 'stopped by itself' || code !== 'CORRUPTION');
}

/** Every refusal has one; what has none, such as a `TypeError`, is no refusal. */
function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
