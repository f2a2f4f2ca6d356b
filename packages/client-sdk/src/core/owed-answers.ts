/**
 * Answers that a node owes for requests for which nobody waits any more, and whether one of them is overdue: a node
 * answers all that it is asked by the deadline that it was told, however early its asker lost patience.
 */

/** How long after that deadline an answer may still come: a node that stood still goes on where it was. */
const graceMs = 10_000;

export class OwedAnswers {
  /** By the operation's id, in monotonic milliseconds. */
  readonly #dueBy = new Map<number, number>();
  /** None of them is due before; what has been answered since may have been the one that is due then. */
  #noneDueBefore = Number.POSITIVE_INFINITY;

  /** @param deadline that the node was told; of a request without one, the moment from which nobody waits */
  add(operationId: number, deadline: number): void {
    const dueBy = deadline + graceMs;
    this.#dueBy.set(operationId, dueBy);
    this.#noneDueBefore = Math.min(this.#noneDueBefore, dueBy);
  }

  answered(operationId: number): void {
    this.#dueBy.delete(operationId);
  }

  clear(): void {
    this.#dueBy.clear();
  }

  /** There may be thousands, and each request asks: they are looked through only when one may have become due. */
  isOverdue(now: number): boolean {
    if (now <= this.#noneDueBefore) return false;
    this.#noneDueBefore = Number.POSITIVE_INFINITY;
    for (const dueBy of this.#dueBy.values()) this.#noneDueBefore = Math.min(this.#noneDueBefore, dueBy);
    return now > this.#noneDueBefore;
  }
}
