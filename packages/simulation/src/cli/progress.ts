/**
 * How far a campaign is: one line on a terminal, elsewhere a line now and then, for a log that somebody may read. A seed that broke a
 * promise is told at once: the campaign may go on for long.
 */
import type { SeedResult } from '../run-seed.ts';
import type { CampaignEvents } from './campaign.ts';

export interface ProgressOutput {
  readonly write: (text: string) => void;
  /** Whether a line can be written over. */
  readonly isTerminal: boolean;
}

/** Between two lines where they stay. */
const lineEveryMs = 60_000;

export class Progress implements CampaignEvents {
  readonly #output: ProgressOutput;
  readonly #count: number;
  readonly #now: () => number;
  readonly #startedAt: number;
  #saidAt: number;
  #done = 0;
  #violations = 0;
  #bugRuns = 0;

  /** @param now milliseconds since any moment */
  constructor(count: number, output: ProgressOutput, now: () => number = Date.now) {
    this.#count = count;
    this.#output = output;
    this.#now = now;
    this.#startedAt = now();
    this.#saidAt = this.#startedAt;
  }

  seedDone({ seed, violations }: Pick<SeedResult, 'seed' | 'violations'>): void {
    this.#done += 1;
    this.#violations += violations.length;
    for (const { check, message } of violations) this.#say(`seed ${seed} broke a promise: ${check}: ${message}`);
    this.#show(`${this.#done}/${this.#count} seeds, ${this.#violations} violations`);
  }

  bugRunDone(name: string, seedsSoFar: number): void {
    this.#bugRuns += 1;
    this.#show(`seeking planted bugs: ${name}, seed ${seedsSoFar} (${this.#bugRuns} runs)`);
  }

  /** Leaves the line empty. */
  clear(): void {
    if (this.#output.isTerminal) this.#output.write('\r\u001b[K');
  }

  #say(line: string): void {
    this.clear();
    this.#output.write(`${line}\n`);
  }

  #show(text: string): void {
    const { isTerminal, write } = this.#output;
    const now = this.#now();
    const line = `${text}, ${Math.round((now - this.#startedAt) / 1000)} s`;
    if (isTerminal) return write(`\r\u001b[K${line}`);
    if (now - this.#saidAt < lineEveryMs) return;
    this.#saidAt = now;
    write(`${line}\n`);
  }
}
