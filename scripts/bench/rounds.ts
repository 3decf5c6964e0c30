import { type Figure, figure } from './statistics'

/** What each contender did, a run for each round. */
export type Runs<C, R> = Map<C, R[]>

/**
 * Runs each contender once a round, each round beginning with another one, and all of them once
 * before to warm up.
 */
export async function alternate<C, R>(
  contenders: readonly C[],
  rounds: number,
  run: (contender: C) => Promise<R>,
): Promise<Runs<C, R>> {
  const runs: Runs<C, R> = new Map(contenders.map((contender) => [contender, []]))
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + round + 1) % contenders.length] as C
      const result = await run(contender)
      if (round >= 0) runs.get(contender)?.push(result)
    }
  }
  return runs
}

/** A value of a contender, over all rounds. */
export function figureOf<C, R>(all: Runs<C, R>, contender: C, value: (run: R) => number): Figure {
  return figure((all.get(contender) ?? []).map(value))
}

/** A value of a contender by that of another, round by round: what disturbs one disturbs both. */
export function ratioOf<C, R>(
  all: Runs<C, R>,
  contender: C,
  to: C,
  value: (run: R) => number,
): Figure {
  const others = all.get(to) ?? []
  return figure(
    (all.get(contender) ?? []).map((run, round) => value(run) / value(others[round] as R)),
  )
}
