/** What the driver counted since its Node-RED started. */
export interface Figures {
  pid: number
  /** Messages that the driver made. */
  made: number
  /** Messages that our nodes took in hand; one on a wire to a node that closed was not. */
  accepted: number
  /** Messages for which `done` was called. */
  ended: number
  /** How they ended: how many by each state or kind. */
  ends: Record<string, number>
  /** ms of each stop of all flows: no node's close took longer. */
  stops: number[]
  /** Messages that were not taken, ended and done exactly once. */
  wrong: string[]
}

/** What a process holds: handles by type, listeners, and `heapUsed` in bytes. */
export type Resources = Record<string, number>

/** A umid for each message. */
export function umidOf(seq: number): string {
  return `00000000-0000-4000-8000-${seq.toString(16).padStart(12, '0')}`
}
