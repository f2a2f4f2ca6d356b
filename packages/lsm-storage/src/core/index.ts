/**
 * The storage engine without Node: everything that touches files, SQLite or zstd comes in through ports.
 * @packageDocumentation
 */
export {};
