/**
 * A client's connection: its requests go to the member, the answers come back in any order. A client that asks for more
 * than it reads is not read from any more until it has caught up; what its requests hold counts towards the member's budget
 * until the answers have left.
 */
import type { ClientBudget, ClusterNode, Reply } from '@kv/cluster-node';
import type { Connection } from './connection.ts';

/** Requests of one client under way at once. Higher lets one client take more of the node. */
const maxRequests = 1024;
/** Bytes of answers that may wait for one client. */
const maxQueuedBytes = 8 * 1024 * 1024;

export class ClientSession {
  readonly #connection: Connection;
  readonly #member: Pick<ClusterNode, 'serve'>;
  readonly #budget: ClientBudget;
  #requests = 0;
  #paused = false;
  #awaitsDrain = false;
  #stopped = false;

  constructor(connection: Connection, member: Pick<ClusterNode, 'serve' | 'admission'>) {
    this.#connection = connection;
    this.#member = member;
    this.#budget = member.admission.client();
  }

  /** Requests under way. */
  get requests(): number {
    return this.#requests;
  }

  receive(frame: Uint8Array): void {
    if (this.#stopped) return;
    this.#requests += 1;
    const reply: Reply = (answer, left) => {
      this.#requests -= 1;
      this.#connection.send(answer, left);
      this.#balance();
    };
    this.#member.serve(frame, reply, this.#budget);
    this.#balance();
  }

  /** Takes no further request; those under way are still answered. */
  stop(): void {
    this.#stopped = true;
  }

  #balance(): void {
    const isFull = this.#requests >= maxRequests || this.#connection.queuedBytes > maxQueuedBytes;
    if (isFull === this.#paused) return;
    this.#paused = isFull;
    if (!isFull) this.#connection.resume();
    else {
      this.#connection.pause();
      this.#awaitDrain();
    }
  }

  #awaitDrain(): void {
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    this.#connection.onceDrained(() => {
      this.#awaitsDrain = false;
      this.#balance();
    });
  }
}
