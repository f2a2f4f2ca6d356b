/**
 * How far this member can trust its own ears (Lifeguard, section IV-A): whoever lags hears late and would blame the others, so
 * each sign of own trouble makes it more patient with everybody, and each good round less.
 */
export class LocalHealth {
  readonly #worst: number;
  #score = 0;
  #troubles = 0;

  /** `worst` bounds the score, and with it the patience at `worst + 1`. */
  constructor(worst: number) {
    this.#worst = worst;
  }

  /** 0 = well, up to the worst. */
  get score(): number {
    return this.#score;
  }

  /** What the silence allowed to others is multiplied by. */
  get patience(): number {
    return this.#score + 1;
  }

  /** A sign of own trouble since the last round: ticks come late, or peers say that they suspect this member. */
  noteTrouble(): void {
    this.#troubles += 1;
  }

  /**
   * Closes a round. `unanswered`: at least two members held alive were asked and none answered, so the fault is more likely
   * here than with all of them; `idle`: too few were asked to tell.
   */
  closeRound(outcome: 'answered' | 'unanswered' | 'idle'): void {
    const troubles = this.#troubles + (outcome === 'unanswered' ? 1 : 0);
    this.#troubles = 0;
    // One round is one piece of evidence, however many signs it showed.
    if (troubles > 0) this.#score = Math.min(this.#worst, this.#score + 1);
    else if (outcome === 'answered') this.#score = Math.max(0, this.#score - 1);
  }
}
