/** Reads the file that names a cluster's members and keyspaces: whether it has the form, and whether it makes sense. */
import { readFileSync } from 'node:fs';
import { checkTopologyConfig, ClusterNodeError, type TopologyConfig } from '@kv/cluster-node';
import { consistencyLevels } from '@kv/quorum';
import { z } from 'zod';

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
  keyspaces: z.array(
    z.strictObject({
      id: z.number(),
      name: z.string(),
      replicas: z.number(),
      mode: z.enum(['eventual', 'strong']).optional(),
      conflict: z.enum(['last-write-wins', 'siblings']).optional(),
      sloppy: z.boolean().optional(),
      readLevel: z.enum(consistencyLevels).optional(),
      writeLevel: z.enum(consistencyLevels).optional(),
      ttlMs: z.number().optional(),
      compressed: z.boolean().optional(),
    }),
  ),
});

export type TopologyFile =
  | { readonly type: 'topology'; readonly topology: TopologyConfig }
  /** One sentence for each thing that is wrong. */
  | { readonly type: 'faulty'; readonly faults: readonly string[] };

export function readTopologyFile(path: string): TopologyFile {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    return faulty(`cannot read the topology file ${path}: ${messageOf(error)}`);
  }
  const { data, error } = topologySchema.safeParse(document);
  if (data === undefined) {
    return faulty(...(error?.issues ?? []).map((issue) => `${path}: ${issue.path.join('.')} ${issue.message}`));
  }
  try {
    checkTopologyConfig(data);
    return { type: 'topology', topology: data };
  } catch (error) {
    if (error instanceof ClusterNodeError) return faulty(`${path}: ${error.message}`);
    throw error;
  }
}

function faulty(...faults: readonly string[]): TopologyFile {
  return { type: 'faulty', faults };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
