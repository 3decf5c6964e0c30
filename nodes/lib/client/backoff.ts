/** ms of the first pause, and the maximum. Our choice. */
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 4000

/**
 * ms to wait before the next attempt: exponential, the second half of it jitter.
 * @param failures in a row, 1 or more
 * @param random source of jitter, from 0 to 1
 */
export function backoff(failures: number, random: () => number = Math.random): number {
  const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1))
  return longest * (0.5 + random() / 2)
}
