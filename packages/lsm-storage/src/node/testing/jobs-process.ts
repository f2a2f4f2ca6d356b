/** A process that has a job done on a thread, leaves the thread as it is, and says how the job ended. */

import { WorkerJobs } from '../worker-jobs.ts';
import { rehearsal, SUCCEED } from './rehearsals.ts';

const jobs = new WorkerJobs({
  directory: '.',
  compression: 'none',
  entry: new URL('./rehearsing-worker.ts', import.meta.url),
});
const { added } = await jobs.run(rehearsal(SUCCEED), { cancelled: () => false });
process.stdout.write(`run ${added?.run.number}`);
