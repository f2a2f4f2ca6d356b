/** Reads the file that names a cluster's members and keyspaces. Its form is checked here, its sense by the member. */
import { readFileSync } from 'node:fs';
import type { TopologyConfig } from '@kv/cluster-node';
import { z } from 'zod';
import { ConfigError } from './config.ts';

const topologySchema = z.strictObject({
  clusterId: z.string(),
  partitions: z.number(),
  members: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      address: z.string(),
      weight: z.number().optional(),
      rack: z.string().optional(),
      dataCentre: z.string().optional(),
    }),
  ),
  keyspaces: z.array(z.strictObject({ id: z.number(), name: z.string(), replicas: z.number() })),
});

/** @throws ConfigError naming every fault of the file's form */
export function readTopologyFile(path: string): TopologyConfig {
  const checked = topologySchema.safeParse(readJson(path));
  if (checked.success) return checked.data;
  const faults = checked.error.issues.map((issue) => `${path}: ${issue.path.join('.')} ${issue.message}`);
  throw new ConfigError(faults, { cause: checked.error });
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError([`cannot read the topology file ${path}: ${reason}`], { cause: error });
  }
}
