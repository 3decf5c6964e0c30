import type { Call } from '../../scripts/mqtt/recorder'

/** What the API saw of one customer. */
export interface Seen {
  replies: Call[]
  /** Indicators before and after the first reply. */
  before: Call[]
  after: Call[]
}

/** What the API saw, by customer. */
export function byCustomer(calls: readonly Call[]): Map<number, Seen> {
  const seen = new Map<number, Seen>()
  for (const call of calls) {
    const of = seen.get(call.customer) ?? { replies: [], before: [], after: [] }
    seen.set(call.customer, of)
    if (call.what === 'reply') of.replies.push(call)
    else of[of.replies.length ? 'after' : 'before'].push(call)
  }
  return seen
}
