/** The parts of a member that strong keyspaces need, put together: its acceptors, the way to all of them, its coordinator. */
import { BallotSource, type BallotSourceDependencies } from '../../clock/ballot-source.ts';
import type { AcceptorStore, AcceptorStoreDependencies } from '../../replica/acceptor-store.ts';
import { RegisterServer } from '../../replica/register-server.ts';
import { StrongCoordinator, type StrongDependencies } from './strong-coordinator.ts';
import { VoterAccess, type VoterAccessDependencies } from './voter-access.ts';

export interface StrongParts {
  readonly acceptors: AcceptorStore;
  readonly registers: RegisterServer;
  readonly voters: VoterAccess;
  readonly strong: StrongCoordinator;
}

export type StrongPartsDependencies = Omit<StrongDependencies, 'ballots' | 'access'> &
  Omit<VoterAccessDependencies, 'acceptors'> &
  AcceptorStoreDependencies &
  BallotSourceDependencies;

export function strongParts(dependencies: StrongPartsDependencies): StrongParts {
  const acceptors = dependencies.strategies.acceptorStore(dependencies);
  const registers = new RegisterServer({ ...dependencies, acceptors });
  const voters = new VoterAccess({ ...dependencies, acceptors });
  const strong = new StrongCoordinator({ ...dependencies, ballots: new BallotSource(dependencies), access: voters });
  return { acceptors, registers, voters, strong };
}
