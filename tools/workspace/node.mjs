/** `npm run node -- 2`. */
import { enter } from './enter.mjs';

enter(() => import('./commands/run-node.mjs'));
