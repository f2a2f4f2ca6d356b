/** A member makes itself a new identity wherever there is none: it forgets what it acknowledged, and nobody notices. */
import type { PlantedBug } from './planted-bug.ts';

export const startsOnEmptiedFolder: PlantedBug = {
  name: 'starts-on-emptied-folder',
  wrong: 'takes an emptied folder for that of a new member',
  alwaysCreates: true,
};
