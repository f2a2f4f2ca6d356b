/**
 * An embedded, ordered, durable key-value store for Node.
 * @packageDocumentation
 */
export * from '../core/index.ts';
