/** How large a local cluster may be, and where it may listen: what can be known before anything is looked at. */

interface Limits {
  readonly from: number;
  readonly to: number;
}

const mostNodes = 32;

/** Ports below 1024 need a privilege; above the last one a cluster of the most nodes would not fit. */
export const clusterLimits: { readonly nodes: Limits; readonly port: Limits } = {
  nodes: { from: 1, to: mostNodes },
  port: { from: 1024, to: 65_535 - mostNodes },
};
