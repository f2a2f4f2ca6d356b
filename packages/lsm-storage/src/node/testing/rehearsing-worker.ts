/** A worker thread for tests: it rehearses jobs, and some of them badly. */

import { rehearse } from '../../contract/jobs-contract.ts';
import { serveJobs } from '../serve-jobs.ts';
import { CONFESS, CRASH, EXIT, PAUSE, SUCCEED } from './rehearsals.ts';

const DAY_SECONDS = 24 * 60 * 60;

serveJobs(async (job, ports) => {
  switch (job.plan.run) {
    case CRASH:
      setImmediate(() => {
        throw new Error('something nobody expected');
      });
      return new Promise(() => undefined);
    case EXIT:
      process.exit(3);
      break;
    case PAUSE:
      await ports.pace(DAY_SECONDS);
      return rehearse({ ...job, plan: { ...job.plan, run: SUCCEED } }, ports.control);
    case CONFESS:
      throw new Error(`${(await ports.fileSystem.list('')).join()} ${ports.codec.id}`);
    default:
      return rehearse(job, ports.control);
  }
});
