/**
 * How many bytes the requests under way may hold, in total and for each client. Whoever takes a share gives it back when
 * its answer has left; who finds no room is to be refused, before anything is done for it.
 *
 * A client that holds nothing is not held against its own bound, and a budget of which nobody holds anything admits
 * whatever comes: one request alone always fits, however large it is.
 */
export interface ByteBudgetLimits {
  /** Of all clients together. */
  readonly total: number;
  readonly perClient: number;
}

export class ByteBudget {
  readonly limits: ByteBudgetLimits;
  #held = 0;

  constructor(limits: ByteBudgetLimits) {
    this.limits = limits;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /** A client of its own; it needs no farewell once its shares are back. */
  client(): ClientBudget {
    return new ClientBudget(this);
  }

  hasRoom(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.limits.total;
  }

  /** Only for {@link ClientBudget}, which counts the same. */
  add(bytes: number): void {
    this.#held += bytes;
  }
}

export class ClientBudget {
  readonly #whole: ByteBudget;
  #held = 0;

  constructor(whole: ByteBudget) {
    this.#whole = whole;
  }

  get held(): number {
    return this.#held;
  }

  /** A share of so many bytes; `undefined`: there is no room. */
  take(bytes: number): BudgetShare | undefined {
    if (!this.hasRoom(bytes)) return undefined;
    return new BudgetShare(this, bytes);
  }

  hasRoom(bytes: number): boolean {
    const fits = this.#held === 0 || this.#held + bytes <= this.#whole.limits.perClient;
    return fits && this.#whole.hasRoom(bytes);
  }

  /** Whether nobody, here or elsewhere, holds anything beside these bytes of this client. */
  isAllThatIsHeld(bytes: number): boolean {
    return this.#whole.held === bytes;
  }

  /** Only for {@link BudgetShare}. */
  add(bytes: number): void {
    this.#held += bytes;
    this.#whole.add(bytes);
  }
}

/** What one request holds. */
export class BudgetShare {
  readonly #client: ClientBudget;
  #bytes = 0;
  #isBack = false;

  constructor(client: ClientBudget, bytes: number) {
    this.#client = client;
    this.#set(bytes);
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Holds so many from now on; false, and nothing changes, when that is more than before and there is no room for it. */
  resize(bytes: number): boolean {
    const more = bytes - this.#bytes;
    if (more > 0 && !this.#client.isAllThatIsHeld(this.#bytes) && !this.#client.hasRoom(more)) return false;
    this.force(bytes);
    return true;
  }

  /** As `resize`, whether there is room or not: for an answer that must be given. */
  force(bytes: number): void {
    if (!this.#isBack) this.#set(bytes);
  }

  /** Gives it back. Idempotent. */
  giveBack(): void {
    this.#set(0);
    this.#isBack = true;
  }

  #set(bytes: number): void {
    this.#client.add(bytes - this.#bytes);
    this.#bytes = bytes;
  }
}
