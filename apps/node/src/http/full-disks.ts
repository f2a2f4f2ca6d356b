/** Whether a write found no room anywhere: then the answer says so, since making room is what helps. */
interface Row {
  readonly answer: string;
  readonly reason?: string | undefined;
}

/** Every owner that was up refused because its disk is full. */
export function diskIsFullEverywhere(replicas: readonly Row[]): boolean {
  const isFull = ({ reason }: Row): boolean => reason === 'DISK_FULL';
  return replicas.some(isFull) && replicas.every((row) => row.answer === 'down' || isFull(row));
}
