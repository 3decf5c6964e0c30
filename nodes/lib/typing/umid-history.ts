import { MAX_MESSAGE_AGE } from '../api'
import { RecentUmids } from './recent-umids'

/**
 * ms for which a node does not start a umid again: 8x8 redelivers for up to 131 s (8x8 doc). And how
 * many such umids are remembered; our choice: 550 ends a second, in 17 to 35 MB.
 */
const REPEAT_WINDOW = 180_000
const MAX_ENDED = 100_000

/**
 * ms for which a stop that found nothing blocks its umid, and how many such umids are remembered.
 * Our choice: a start that is late, because its properties are still being read or it came over
 * another wire, is hardly later than that.
 */
const STOP_WINDOW = 10_000
const MAX_STOPS = 10_000

/** Answered messages to remember, each for the 2 hours in which 8x8 takes indicators. */
const MAX_ANSWERED = 100_000

/** The umids that typing ended for, or must not start for: what makes a start a duplicate. */
export class UmidHistory {
  /** By the owner that typed for them. */
  readonly #endedByOwner = new RecentUmids(REPEAT_WINDOW, MAX_ENDED)
  readonly #justEnded = new RecentUmids(STOP_WINDOW, MAX_STOPS)
  readonly #earlyStops = new RecentUmids(STOP_WINDOW, MAX_STOPS)
  readonly #answered = new RecentUmids(MAX_MESSAGE_AGE, MAX_ANSWERED)

  /** Typing ended. @param owner who does not start it again for a while; undefined: anybody may */
  addEnded(umid: string, owner?: string): void {
    if (owner !== undefined) this.#endedByOwner.add(umid, owner)
    this.#justEnded.add(umid)
  }

  /** A stop found nothing: it came before its start, unless the typing has just ended. */
  addStop(umid: string): void {
    if (!this.#justEnded.has(umid)) this.#earlyStops.add(umid)
  }

  /** The final reply came: no indicator is sent for the umid again. */
  addAnswered(umid: string): void {
    this.#answered.add(umid)
  }

  /** Whether an owner ended it lately. */
  hasEnded(umid: string, owner: string): boolean {
    return this.#endedByOwner.has(umid, owner)
  }

  /** Whether it is answered, or a stop came before its start. */
  isStopped(umid: string): boolean {
    return this.#earlyStops.has(umid) || this.#answered.has(umid)
  }
}
