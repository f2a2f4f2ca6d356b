/** Every promise that a finished history can be held to. */
import type { History, StoredCopy, Violation } from '../history.ts';
import { convergence } from './convergence.ts';
import { rememberingDeletions } from './forgotten-deletions.ts';
import { honestOutcomes } from './honest-outcomes.ts';
import { monotoneReads } from './monotone-reads.ts';
import { noLostWrite } from './no-lost-write.ts';
import { ownWritesWin } from './own-writes-win.ts';
import { readAfterWrite } from './read-after-write.ts';
import { timeToLive } from './time-to-live.ts';

export function checkHistory(given: History, copies: readonly StoredCopy[]): Violation[] {
  const { forgetsAfterMs } = given;
  const history = forgetsAfterMs === undefined ? given : rememberingDeletions(given, forgetsAfterMs);
  return [
    ...noLostWrite(history),
    ...readAfterWrite(history),
    ...monotoneReads(history),
    ...ownWritesWin(history),
    ...honestOutcomes(history),
    ...timeToLive(history),
    ...convergence(history, copies),
  ];
}
