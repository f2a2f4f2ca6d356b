/** Every kind of fault there is. */
import type { Fault } from './fault.ts';
import { fullDisk, killAll, killOne, pause, wrongClock } from './machine-faults.ts';
import { halves, isolated, oneWay, slow } from './network-faults.ts';

export const allFaults: readonly Fault[] = [
  halves,
  isolated,
  oneWay,
  slow,
  pause,
  wrongClock,
  killOne,
  killAll,
  fullDisk,
];
