import { cleanCustomerId } from '../clean'
import type { Recipient } from './reply'

/** Customers with several ids to remember. Our choice: some MB. */
const MAX_KNOWN = 10_000

/** Ids of one customer; a new one replaces the least recently used. Our choice: two or three are usual. */
const MAX_IDS = 8

/** A customer, with the replies to it that have not settled. */
export class Customer<T extends { readonly number: number }> {
  readonly ids = new Set<string>()
  /** Replies that wait, in the order of their numbers. */
  queue: T[] = []
  /** Replies that were started and have not settled: more than one only after a merge. */
  running = 0
  /** Set when two customers turned out to be the same. */
  mergedInto: Customer<T> | undefined
}

/**
 * Tells which replies go to the same customer. One who was seen with two ids together is found by
 * either of them afterwards.
 */
export class Customers<T extends { readonly number: number }> {
  readonly #byId = new Map<string, Customer<T>>()
  /** Customers with several ids, the most recently used at the end. */
  readonly #known = new Set<Customer<T>>()
  readonly #max: number

  constructor(max = MAX_KNOWN) {
    this.#max = max
  }

  /** The customer with these ids; to {@link forget} when there is no reply to it any more. */
  find(recipient: Recipient): Customer<T> {
    const ids = idsOf(recipient)
    let customer: Customer<T> | undefined
    for (const id of ids) {
      const known = this.#byId.get(id)
      customer ??= known
      if (customer && known && known !== customer) this.#merge(customer, known)
    }
    customer ??= new Customer<T>()
    for (const id of ids) this.#add(customer, id)
    if (customer.ids.size > 1) {
      this.#known.delete(customer) // to make it the last one
      this.#known.add(customer)
      this.#makeRoom(customer)
    }
    return customer
  }

  /** The customer that another one turned out to be. */
  resolve(customer: Customer<T>): Customer<T> {
    let root = customer
    while (root.mergedInto) root = root.mergedInto
    return root
  }

  /** Forgets a customer without replies, unless there are ids to remember. */
  forget(customer: Customer<T>): void {
    if (!isIdle(customer) || this.#known.has(customer)) return
    for (const id of customer.ids) this.#byId.delete(id)
  }

  #add(customer: Customer<T>, id: string): void {
    customer.ids.delete(id) // to make it the newest
    customer.ids.add(id)
    this.#byId.set(id, customer)
    if (customer.ids.size <= MAX_IDS) return
    const [oldest = id] = customer.ids
    customer.ids.delete(oldest)
    this.#byId.delete(oldest)
  }

  #merge(customer: Customer<T>, other: Customer<T>): void {
    other.mergedInto = customer
    this.#known.delete(other)
    for (const id of other.ids) this.#add(customer, id)
    customer.running += other.running
    customer.queue = [...customer.queue, ...other.queue].sort((a, b) => a.number - b.number)
    other.queue = []
  }

  /** Drops the ids of the least recently used customer; never of one with pending replies. */
  #makeRoom(current: Customer<T>): void {
    for (const customer of this.#known) {
      if (this.#known.size <= this.#max) return
      if (!isIdle(customer) || customer === current) continue
      this.#known.delete(customer)
      this.forget(customer)
    }
  }
}

function isIdle<T extends { readonly number: number }>({ running, queue }: Customer<T>): boolean {
  return running === 0 && queue.length === 0
}

function idsOf({ msisdn, channelUserId, lineUserId }: Recipient): Set<string> {
  const ids = new Set<string>()
  for (const id of [msisdn, channelUserId, lineUserId]) {
    if (id) ids.add(cleanCustomerId(id))
  }
  return ids
}
