/** `npm run bench -- SUITE [options]`. */
import { UsageError, usage } from './storage/storage-arguments.ts';
import { benchStorage } from './storage/storage-bench.ts';

async function main([suite, ...argv]: readonly string[]): Promise<number> {
  if (suite === '--help') {
    console.log(usage);
    return 0;
  }
  if (suite !== 'storage')
    throw new UsageError(`name what to measure: storage${suite === undefined ? '' : `, not ${suite}`}`);
  return benchStorage(argv);
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
    process.exitCode = 2;
  },
);
