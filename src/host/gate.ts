/** A few at a time: those who find no place free wait, and get one in the order in which they came. */
export interface Gate {
  /** Runs `work` in a place of its own. It is told how many places there were when it got its own. */
  pass<T>(work: (places: number) => Promise<T>): Promise<T>;
  /** From now on one goes at a time; who is inside comes to its end. */
  narrow(): void;
}

/** @param size how many places there are, at least one */
export function createGate(size: number): Gate {
  const waiting: ((places: number) => void)[] = [];
  let places = size;
  let taken = 0;
  const admit = (): void => {
    for (let next; taken < places && (next = waiting.shift()) !== undefined; taken += 1) next(places);
  };
  return {
    async pass(work) {
      const admitted = new Promise<number>((resolve) => waiting.push(resolve));
      admit();
      const found = await admitted;
      try {
        return await work(found);
      } finally {
        taken -= 1;
        admit();
      }
    },
    narrow() {
      places = 1;
    },
  };
}
