/**
 * The data folder of a local cluster, and the one place that knows its file names.
 *
 *     .data/
 *       cluster.json     what the starter remembers: cluster id, members, who was created
 *       topology.json    what the nodes are given: addresses too, written at each start
 *       starter.lock     the process that runs this cluster
 *       node-1.pid       the process that runs this node, and the process that launched it
 *       node-1/          the node's own files, and node.log
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { LocalClusterError, systemErrorCode } from './errors.ts';

/** Paths inside one data folder; nothing is read or written except by `prepare`. */
export class DataFolder {
  readonly path: string;

  /** @param path absolute, or relative to the working directory of this process. */
  constructor(path: string) {
    this.path = resolve(path);
  }

  get clusterFile(): string {
    return join(this.path, 'cluster.json');
  }

  get topologyFile(): string {
    return join(this.path, 'topology.json');
  }

  get lockFile(): string {
    return join(this.path, 'starter.lock');
  }

  nodeFolder(name: string): string {
    return join(this.path, name);
  }

  nodeLog(name: string): string {
    return join(this.path, name, 'node.log');
  }

  nodePidFile(name: string): string {
    return join(this.path, `${name}.pid`);
  }

  /** Creates the folder and proves that files can be written in it, before any process is started. */
  prepare(): void {
    const probe = join(this.path, `.probe-${process.pid}`);
    try {
      mkdirSync(this.path, { recursive: true });
      closeSync(openSync(probe, 'w'));
      rmSync(probe);
    } catch (error) {
      throw new LocalClusterError(
        'DATA_UNWRITABLE',
        `cannot write in the data folder ${this.path} (${systemErrorCode(error) ?? String(error)}): ` +
          'choose a folder that you can write in: npm start -- --data DIR',
        { cause: error },
      );
    }
  }
}

/** Replaces a file so that a crash leaves either the old text or the new, never a part. */
export function writeFileAtomically(path: string, text: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = openSync(temporary, 'w');
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(temporary, path);
  const folder = openSync(dirname(path), 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
