/**
 * Where a lookup may look. `memory`: what is not there is a {@link CacheMiss}, so that the caller can wait for the disk
 * without holding up its thread. `disk`: whatever is missing is read at once, within the call.
 */
export type ReadFrom = 'memory' | 'disk';
