import type { Bench } from './bench-runtime'
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

/**
 * Compares contenders with each number of messages in flight, and prints a table of each.
 * @param run one round of one contender
 * @param summarize what its rounds say
 * @param print a heading and a table
 */
export async function compareAt<C, R, S>(
  levels: readonly number[],
  contenders: readonly C[],
  rounds: number,
  run: (contender: C, inFlight: number) => Promise<R>,
  summarize: (contender: C, runs: Runs<C, R>) => S,
  print: (inFlight: number, results: S[]) => string,
): Promise<{ inFlight: number; results: S[] }[]> {
  const compared = []
  for (const inFlight of levels) {
    const runs = await alternate(contenders, rounds, (contender) => run(contender, inFlight))
    const results = contenders.map((contender) => summarize(contender, runs))
    compared.push({ inFlight, results })
    console.log(`\n${print(inFlight, results)}`)
  }
  return compared
}

/**
 * Takes a CPU profile of each contender at 64 in flight.
 * @param unit what a contender handles, for the line that says how many
 * @param ms of a run while it is profiled; one of half the time warms up
 */
export async function profileEach<C extends string>(
  bench: Bench,
  prefix: string,
  contenders: readonly C[],
  unit: string,
  ms: number,
  run: (contender: C, inFlight: number, ms: number) => Promise<{ perSecond: number }>,
): Promise<void> {
  for (const contender of contenders) {
    await run(contender, 64, ms / 2)
    const file = `${prefix}-${contender.replaceAll(/\W+/g, '-')}.cpuprofile`
    const [{ perSecond }] = await Promise.all([
      run(contender, 64, ms),
      bench.profile(file, ms - 500),
    ])
    console.log(`${file}: ${Math.round(perSecond)} ${unit}/s while profiled`)
  }
}
