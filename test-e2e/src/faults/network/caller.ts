/**
 * Who calls: a connection that asks for frames names its caller in the hello that comes first; every other is a
 * client's. Reads along with what passes and changes nothing.
 */
import { FrameDecoder } from '@kv/wire';

export type Caller = { readonly type: 'client' } | { readonly type: 'member'; readonly id: string };

const client: Caller = { type: 'client' };
const headEnd = Buffer.from('\r\n\r\n');
/** A request whose head is longer than that is nothing that a member sends. */
const maxHeadBytes = 64 * 1024;

export class CallerReader {
  readonly #decoder = new FrameDecoder();
  #head: Buffer | undefined = Buffer.alloc(0);

  /** What came next; who it is from, as soon as that is known. */
  read(bytes: Buffer): Caller | undefined {
    if (this.#head === undefined) return this.#readHello(bytes);
    const head = Buffer.concat([this.#head, bytes]);
    const end = head.indexOf(headEnd);
    if (end < 0) {
      this.#head = head;
      return head.length > maxHeadBytes ? client : undefined;
    }
    this.#head = undefined;
    if (!/^upgrade:\s*kv\/1\s*$/im.test(head.toString('latin1', 0, end))) return client;
    return this.#readHello(head.subarray(end + headEnd.length));
  }

  #readHello(bytes: Buffer): Caller | undefined {
    try {
      const [first] = this.#decoder.push(new Uint8Array(bytes));
      if (first === undefined) return undefined;
      const { message } = first;
      return message.type === 'hello' && message.role === 'node' ? { type: 'member', id: message.nodeId } : client;
    } catch {
      return client;
    }
  }
}
