/** One line on a terminal that says how far a campaign is; nothing where nobody looks. */
import type { CampaignEvents } from './campaign.ts';

export class Progress implements CampaignEvents {
  readonly #write: ((text: string) => void) | undefined;
  readonly #count: number;
  readonly #startedAt = Date.now();
  #done = 0;
  #violations = 0;
  #bugRuns = 0;

  /** @param write to the terminal; `undefined` when there is none */
  constructor(count: number, write: ((text: string) => void) | undefined) {
    this.#count = count;
    this.#write = write;
  }

  seedDone({ violations }: { readonly violations: readonly unknown[] }): void {
    this.#done += 1;
    this.#violations += violations.length;
    this.#show(`${this.#done}/${this.#count} seeds, ${this.#violations} violations`);
  }

  bugRunDone(name: string, seedsSoFar: number): void {
    this.#bugRuns += 1;
    this.#show(`seeking planted bugs: ${name}, seed ${seedsSoFar} (${this.#bugRuns} runs)`);
  }

  /** Leaves the line empty. */
  clear(): void {
    this.#write?.('\r\u001b[K');
  }

  #show(text: string): void {
    this.#write?.(`\r\u001b[K${text}, ${Math.round((Date.now() - this.#startedAt) / 1000)} s`);
  }
}
