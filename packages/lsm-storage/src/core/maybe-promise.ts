/** A value itself if it is in memory, else a promise of it: `await` takes either. */
export type MaybePromise<T> = T | Promise<T>;
