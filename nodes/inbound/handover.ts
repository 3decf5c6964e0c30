import type { Batch } from './collector'

/** ms for which messages wait for the node of the next deploy; our choice. */
const MAX_WAIT = 60_000

interface Waiting {
  nodeId: string
  path: string
  batches: Batch[]
  /** In performance.now(). */
  since: number
}

/**
 * Keeps collected messages over a deploy: 8x8 was told that they arrived, and what a node sends
 * while it closes is lost in a full deploy, where the nodes behind it close as well.
 */
export class Handover {
  #waiting: Waiting[] = []

  put(nodeId: string, path: string, batches: Batch[]): void {
    if (batches.length > 0) this.#waiting.push({ nodeId, path, batches, since: performance.now() })
  }

  /** What an earlier node of this id left, or one of this path that it replaces. */
  take(nodeId: string, path: string): Batch[] {
    const now = performance.now()
    const recent = this.#waiting.filter(({ since }) => now - since < MAX_WAIT)
    const isOwn = (it: Waiting) => it.nodeId === nodeId || it.path === path
    this.#waiting = recent.filter((it) => !isOwn(it))
    return recent.filter(isOwn).flatMap(({ batches }) => batches)
  }
}
