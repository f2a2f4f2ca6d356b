/** Judges the hello that comes with each frame, and remembers its verdict for as long as the hello stays the same. */
import type { ClusterNode } from '@kv/cluster-node';
import { copyBytes, type Hello } from '@kv/wire';
import { decodeHello } from './greeted-frame.ts';

interface Visitor {
  readonly bytes: Uint8Array;
  /** `undefined` when the node refuses it. */
  readonly hello: Hello | undefined;
}

export class Doorman {
  readonly #node: Pick<ClusterNode, 'checkHello'>;
  readonly #visitors = new Map<string, Visitor>();

  constructor(node: Pick<ClusterNode, 'checkHello'>) {
    this.#node = node;
  }

  /** Who it is, or `undefined` when the node refuses it: its frames are dropped, as a connection would be. */
  check(from: string, bytes: Uint8Array): Hello | undefined {
    const known = this.#visitors.get(from);
    if (known !== undefined && isEqual(known.bytes, bytes)) return known.hello;
    const hello = this.#judge(bytes);
    this.#visitors.set(from, { bytes: copyBytes(bytes), hello });
    return hello;
  }

  #judge(bytes: Uint8Array): Hello | undefined {
    const hello = decodeHello(bytes);
    try {
      this.#node.checkHello(hello);
      return hello;
    } catch {
      return undefined;
    }
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index += 1) if (a[index] !== b[index]) return false;
  return true;
}
