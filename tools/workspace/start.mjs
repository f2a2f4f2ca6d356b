/** `npm start`. */
import { enter } from './enter.mjs';

enter(() => import('./commands/start-cluster.mjs'));
