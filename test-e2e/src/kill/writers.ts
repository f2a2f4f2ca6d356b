/** Clients that write without pause, each its own keys, and note what was acknowledged. */
import { KvError, type Keyspace } from '@kv/client-sdk';
import { valueOf, type WriteLedger } from './write-ledger.ts';

export interface WriterOptions {
  readonly writers: number;
  readonly keysPerWriter: number;
  readonly valueBytes: number;
  /** Begins every key: rounds do not touch each other's. */
  readonly prefix: string;
}

/** Writes until the signal aborts; resolves when the last write has ended. */
export async function runWriters(
  keyspace: Keyspace<string>,
  ledger: WriteLedger,
  options: WriterOptions,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    Array.from({ length: options.writers }, (_, writer) => runWriter(keyspace, ledger, options, writer, signal)),
  );
}

async function runWriter(
  keyspace: Keyspace<string>,
  ledger: WriteLedger,
  { prefix, keysPerWriter, valueBytes }: WriterOptions,
  writer: number,
  signal: AbortSignal,
): Promise<void> {
  for (let sequence = 0; !signal.aborted; sequence += 1) {
    const key = `${prefix}-${writer}-${sequence % keysPerWriter}`;
    try {
      await keyspace.set(key, valueOf(key, sequence, valueBytes), { timeoutMs: 2000 });
      ledger.acknowledge(key, sequence);
    } catch (error) {
      if (!(error instanceof KvError)) throw error;
      ledger.leaveOpen();
      // With nobody there the next try fails at once: without a breath this loop would only burn the processor.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
