/** `npm run simulate`, `bench`, `e2e`, `example`, `pack`, `format`, `lint`: the name of the task is the first argument. */
import { enter } from './enter.mjs';

enter(() => import('./commands/run-task.mjs'));
