/** Every bug that can be planted. */
import { answersWhatItLost } from './answers-what-it-lost.ts';
import { contextNotKept } from './context-not-kept.ts';
import { acceptsAnything } from './accepts-anything.ts';
import { believesOneAcceptor } from './believes-one-acceptor.ts';
import { countsAckTwice } from './counts-ack-twice.ts';
import { countsHintTwice } from './counts-hint-twice.ts';
import { countsRefusals } from './counts-refusals.ts';
import { deadlineSaysRejected } from './deadline-says-rejected.ts';
import { dropsLastSegment } from './drops-last-segment.ts';
import { forgetsHintsEarly } from './forgets-hints-early.ts';
import { forgetsOperations } from './forgets-operations.ts';
import { forgetsPromises } from './forgets-promises.ts';
import { forgetsSeals } from './forgets-seals.ts';
import { ignoresStamps } from './ignores-stamps.ts';
import { lastArrivalWins } from './last-arrival-wins.ts';
import { mergeDropsSiblings } from './merge-drops-siblings.ts';
import { noDirectorySync } from './no-directory-sync.ts';
import { noRepairBeforeAnswer } from './no-repair-before-answer.ts';
import { noSyncBeforeAck } from './no-sync-before-ack.ts';
import { noSyncOfRuns } from './no-sync-of-runs.ts';
import type { PlantedBug } from './planted-bug.ts';
import { purgesByAge } from './purges-by-age.ts';
import { readsOneReplica } from './reads-one-replica.ts';
import { refusalIsAbsent } from './refusal-is-absent.ts';
import { repairsBackwards } from './repairs-backwards.ts';
import { startsOnEmptiedFolder } from './starts-on-emptied-folder.ts';
import { swallowsDiskFull } from './swallows-disk-full.ts';
import { treeForgetsReplaced } from './tree-forgets-replaced.ts';
import { writeReplacesAll } from './write-replaces-all.ts';

export const plantedBugs: readonly PlantedBug[] = [
  noSyncBeforeAck,
  noDirectorySync,
  dropsLastSegment,
  noRepairBeforeAnswer,
  readsOneReplica,
  countsAckTwice,
  countsHintTwice,
  forgetsHintsEarly,
  ignoresStamps,
  lastArrivalWins,
  deadlineSaysRejected,
  noSyncOfRuns,
  swallowsDiskFull,
  countsRefusals,
  startsOnEmptiedFolder,
  treeForgetsReplaced,
  repairsBackwards,
  refusalIsAbsent,
  mergeDropsSiblings,
  writeReplacesAll,
  contextNotKept,
  forgetsPromises,
  acceptsAnything,
  believesOneAcceptor,
  forgetsOperations,
  purgesByAge,
  forgetsSeals,
  answersWhatItLost,
];

export function plantedBug(name: string): PlantedBug | undefined {
  return plantedBugs.find((bug) => bug.name === name);
}
