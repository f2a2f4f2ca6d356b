/**
 * Who may come in: each request takes a share of the member's budget of bytes before anything is done for it, and holds it
 * until its answer has left. What finds no room is refused as `BUSY`: certainly not done, and worth another try.
 *
 * What a request counts:
 * - a write: its own bytes once, and once more for each copy that is sent;
 * - a read: what reads brought lately, on average, and from its answer on what it brings. The most that it may bring would
 *   be a hundred times what most bring, and let as many fewer in. A read whose value then finds no room is refused late;
 * - a page of a scan: the most that a page may have.
 */
import type { Counters } from '../counters.ts';
import { RequestError } from '../errors.ts';
import type { ClusterNodeOptions } from '../options.ts';
import { type BudgetShare, ByteBudget, type ClientBudget } from './byte-budget.ts';

export type AdmissionOptions = Pick<ClusterNodeOptions, 'requestBytes' | 'requestBytesPerClient' | 'scanPageBytes'>;

/** What a request holds beside its bytes: closures, timers, a receipt. */
export const overheadBytes = 2048;
/** Fewer would let so many reads in at once that a sudden turn to large values could not be borne. */
const leastReadBytes = 16 * 1024;
/** The average follows the last few dozens of reads. */
const newestShare = 1 / 32;

export class Admission {
  readonly #scanPageBytes: number;
  readonly #counters: Counters;
  readonly #budget: ByteBudget;
  #meanReadBytes = leastReadBytes;

  constructor({ requestBytes, requestBytesPerClient, scanPageBytes }: AdmissionOptions, counters: Counters) {
    this.#counters = counters;
    this.#scanPageBytes = scanPageBytes;
    this.#budget = new ByteBudget({ total: requestBytes, perClient: requestBytesPerClient });
  }

  /** Bytes that requests under way hold. */
  get heldBytes(): number {
    return this.#budget.held;
  }

  /** Whoever sends requests over one connection. */
  client(): ClientBudget {
    return this.#budget.client();
  }

  /**
   * @param bytes of the request, key and value and all
   * @param copies that are sent of them: the replicas of the keyspace
   * @throws RequestError BUSY
   */
  write(client: ClientBudget, bytes: number, copies: number): BudgetShare {
    return this.#take(client, overheadBytes + bytes * (1 + copies));
  }

  /** @throws RequestError BUSY */
  read(client: ClientBudget): BudgetShare {
    return this.#take(client, overheadBytes + Math.max(leastReadBytes, Math.ceil(this.#meanReadBytes)));
  }

  /** @throws RequestError BUSY */
  scan(client: ClientBudget): BudgetShare {
    return this.#take(client, overheadBytes + this.#scanPageBytes);
  }

  /** Of a request that is in already, and reads up to as much as a page has. @throws RequestError BUSY */
  scanToo(share: BudgetShare): void {
    this.grow(share, this.#scanPageBytes);
  }

  /** More of a request has come than was known when it was let in. @throws RequestError BUSY */
  grow(share: BudgetShare, bytes: number): void {
    if (!share.resize(share.bytes + bytes)) throw this.#busy();
  }

  /** From now on the share of a read is what it brought; BUSY: there is no room for that, and the answer is to be dropped. */
  brought(share: BudgetShare, bytes: number): RequestError | undefined {
    this.#meanReadBytes += (bytes - this.#meanReadBytes) * newestShare;
    return share.resize(overheadBytes + bytes) ? undefined : this.#busy();
  }

  #take(client: ClientBudget, bytes: number): BudgetShare {
    const share = client.take(bytes);
    if (share === undefined) throw this.#busy();
    return share;
  }

  #busy(): RequestError {
    this.#counters.busyRefusals += 1;
    const { total } = this.#budget.limits;
    return new RequestError('BUSY', `requests under way hold ${this.#budget.held} of ${total} bytes; nothing was done`);
  }
}
