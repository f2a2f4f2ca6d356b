/**
 * The names in one directory of a disk that can lose power: what programs see, what the last sync made durable, and
 * the changes since. After a power loss each of these changes happened or did not, independently of the others; a
 * rename happens as one.
 */

import { DiskFile } from './disk-file.ts';
import type { Random } from './random.ts';
import type { Survival } from './survival.ts';

export type DiskNode = DiskFile | DiskDirectory;

interface Change {
  readonly apply: (names: Map<string, DiskNode>) => void;
  /** What it gives a name to. */
  readonly node: DiskNode | undefined;
}

/** What became of each file: one with two names is still one. */
export type FileCopies = Map<DiskFile, DiskFile>;

export class DiskDirectory {
  readonly #names: Map<string, DiskNode>;
  #durable: Map<string, DiskNode>;
  #changes: Change[] = [];

  /** A directory whose names are durable. */
  constructor(names: ReadonlyMap<string, DiskNode> = new Map<string, DiskNode>()) {
    this.#names = new Map(names);
    this.#durable = new Map(names);
  }

  get(name: string): DiskNode | undefined {
    return this.#names.get(name);
  }

  /** Sorted by code unit. */
  list(): string[] {
    return [...this.#names.keys()].sort();
  }

  add(name: string, node: DiskNode): void {
    this.#change((names) => names.set(name, node), node);
  }

  remove(name: string): void {
    this.#change((names) => names.delete(name));
  }

  rename(from: string, to: string, node: DiskNode): void {
    this.#change((names) => {
      names.delete(from);
      names.set(to, node);
    }, node);
  }

  sync(): void {
    this.#durable = new Map(this.#names);
    this.#changes = [];
  }

  /** A copy with all that programs see made durable. `copies`: of files met before, which have more than one name. */
  clone(copies: FileCopies = new Map()): DiskDirectory {
    return new DiskDirectory(
      mapNodes(
        this.#names,
        (file) => copied(file, copies, () => new DiskFile(file.contents())),
        (child) => child.clone(copies),
      ),
    );
  }

  /** What the disk may hold after power was lost now. `copies`: as for {@link clone}. */
  afterPowerLoss(random: Random, copies: FileCopies = new Map()): DiskDirectory {
    const names = new Map(this.#durable);
    for (const { apply } of this.#changes) if (random() < 0.5) apply(names);
    return new DiskDirectory(
      mapNodes(
        sorted(names),
        (file) => copied(file, copies, () => file.afterPowerLoss(random)),
        (child) => child.afterPowerLoss(random, copies),
      ),
    );
  }

  /** The same with each unsynced part decided by itself; see {@link Survival}. */
  surviving(survival: Survival, copies: FileCopies = new Map()): DiskDirectory {
    const names = new Map(this.#durable);
    for (const { apply } of this.#changes) if (survival.keeps()) apply(names);
    // Those whose names are lost are asked too, so that the numbers of the parts do not depend on what survives.
    for (const node of this.#everyNode()) {
      if (node instanceof DiskFile) copied(node, copies, () => node.surviving(survival));
    }
    return new DiskDirectory(
      mapNodes(
        sorted(names),
        (file) => copied(file, copies, () => file.surviving(survival)),
        (child) => child.surviving(survival, copies),
      ),
    );
  }

  #everyNode(): Set<DiskNode> {
    return new Set([
      ...this.#durable.values(),
      ...this.#changes.flatMap(({ node }) => (node === undefined ? [] : [node])),
    ]);
  }

  #change(apply: Change['apply'], node?: DiskNode): void {
    apply(this.#names);
    this.#changes.push({ apply, node });
  }
}

function sorted(names: ReadonlyMap<string, DiskNode>): Map<string, DiskNode> {
  return new Map([...names].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function mapNodes(
  names: ReadonlyMap<string, DiskNode>,
  mapFile: (file: DiskFile) => DiskFile,
  mapDirectory: (directory: DiskDirectory) => DiskDirectory,
): Map<string, DiskNode> {
  const mapped = new Map<string, DiskNode>();
  for (const [name, node] of names) mapped.set(name, node instanceof DiskFile ? mapFile(node) : mapDirectory(node));
  return mapped;
}

function copied(file: DiskFile, copies: FileCopies, copy: () => DiskFile): DiskFile {
  let made = copies.get(file);
  if (made === undefined) copies.set(file, (made = copy()));
  return made;
}
