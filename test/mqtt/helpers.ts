import type { RecordedRequest } from '../../scripts/mqtt/recorder'

/** What the API saw of one customer. */
export interface CustomerRequests {
  replies: RecordedRequest[]
  /** Indicators before and after the first reply. */
  before: RecordedRequest[]
  after: RecordedRequest[]
}

/** What the API saw, by customer. */
export function byCustomer(requests: readonly RecordedRequest[]): Map<number, CustomerRequests> {
  const customers = new Map<number, CustomerRequests>()
  for (const request of requests) {
    const of = customers.get(request.customer) ?? { replies: [], before: [], after: [] }
    customers.set(request.customer, of)
    if (request.what === 'reply') of.replies.push(request)
    else of[of.replies.length ? 'after' : 'before'].push(request)
  }
  return customers
}
