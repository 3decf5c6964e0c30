import { CHANNELS, type Channel } from '../api'
import { cleanCustomerId } from '../clean'
import type { ApiRequest } from '../client/request'

/** What a session is found by. */
export interface Indexed {
  readonly request: {
    umid: string
    channel: Channel
    subAccountId: string
    conversation?: string | undefined
  }
  readonly owner: { readonly id: string }
}

/** Who we are typing to. */
export interface Conversation {
  subAccountId: string
  /** Undefined: any channel. */
  channel?: Channel | undefined
  /** E.g. the customer's phone number. */
  conversation?: string | undefined
}

/** What a stop names: the umid or, if it is unknown, the conversation. */
export type Target = { umid: string } | Conversation

/** Finds sessions in constant time. */
export class SessionIndex<S extends Indexed> {
  readonly #byUmid = new Map<string, S>()
  readonly #byConversation = new Map<string, S>()
  readonly #byOwner = new Map<string, Set<S>>()

  /** How many there are. */
  get size(): number {
    return this.#byUmid.size
  }

  add(session: S): void {
    const { request, owner } = session
    this.#byUmid.set(request.umid.toLowerCase(), session)
    if (request.conversation !== undefined) this.#byConversation.set(keyOf(request), session)
    const sessions = this.#byOwner.get(owner.id) ?? new Set()
    this.#byOwner.set(owner.id, sessions.add(session))
  }

  remove(session: S): void {
    const { request, owner } = session
    this.#byUmid.delete(request.umid.toLowerCase())
    if (request.conversation !== undefined) this.#byConversation.delete(keyOf(request))
    const sessions = this.#byOwner.get(owner.id)
    sessions?.delete(session)
    if (sessions?.size === 0) this.#byOwner.delete(owner.id)
  }

  /** @param umid in either case of the letters */
  ofUmid(umid: string): S | undefined {
    return this.#byUmid.get(umid.toLowerCase())
  }

  /** @param which with its channel */
  ofConversation(which: Conversation): S | undefined {
    return which.conversation === undefined ? undefined : this.#byConversation.get(keyOf(which))
  }

  /** All sessions that a stop names: one at most for a umid, one per channel for a conversation. */
  find(which: Target): S[] {
    if ('umid' in which) {
      const session = this.ofUmid(which.umid)
      return session ? [session] : []
    }
    const { subAccountId, channel, conversation } = which
    if (conversation === undefined) return []
    const channels = channel ? [channel] : CHANNELS
    return channels.flatMap(
      (each) =>
        this.#byConversation.get(keyOf({ subAccountId, channel: each, conversation })) ?? [],
    )
  }

  /** A copy, so that the caller can remove sessions while it iterates. @param owner undefined: all */
  list(owner?: Indexed['owner']): S[] {
    return [...((owner ? this.#byOwner.get(owner.id) : this.#byUmid.values()) ?? [])]
  }
}

/** An indicator that is queued or on the wire. */
export interface PendingRequest extends Pick<Indexed, 'request'> {
  readonly apiRequest: ApiRequest
  /** Whether a stop awaits it. */
  stopped?: boolean
}

/** Finds pending indicators by umid in constant time; by conversation, too, if that is kept. */
export class PendingRequests {
  readonly #byUmid = new MultiMap()
  /** Otherwise a search through all: a second key would cost each message more than rare stops cost. */
  readonly #byConversation: MultiMap | undefined

  constructor({ byConversation = false } = {}) {
    if (byConversation) this.#byConversation = new MultiMap()
  }

  /** @param umid of the request, or another under which to find it as well */
  add(pending: PendingRequest, umid = pending.request.umid): void {
    this.#byUmid.add(umid.toLowerCase(), pending)
    const { conversation } = pending.request
    if (conversation !== undefined) this.#byConversation?.add(keyOf(pending.request), pending)
  }

  /** As {@link add}; by conversation it goes with the first of its umids. */
  remove(pending: PendingRequest, umid = pending.request.umid): void {
    this.#byUmid.remove(umid.toLowerCase(), pending)
    const { conversation } = pending.request
    if (conversation !== undefined) this.#byConversation?.remove(keyOf(pending.request), pending)
  }

  find(which: Target): PendingRequest[] {
    if (this.#byUmid.size === 0) return []
    if ('umid' in which) return this.#byUmid.get(which.umid.toLowerCase())
    const { subAccountId, channel, conversation } = which
    if (conversation === undefined) return []
    const keys = (channel ? [channel] : CHANNELS).map((each) =>
      keyOf({ subAccountId, channel: each, conversation }),
    )
    const byConversation = this.#byConversation
    if (byConversation) return keys.flatMap((key) => byConversation.get(key))
    return [...new Set(this.#byUmid.values())].filter(({ request }) =>
      keys.includes(keyOf(request)),
    )
  }
}

/** Pending indicators by key. Mostly one for each: Sets throughout would double the cost. */
class MultiMap {
  readonly #map = new Map<string, PendingRequest | Set<PendingRequest>>()

  get size(): number {
    return this.#map.size
  }

  get(key: string): PendingRequest[] {
    return toArray(this.#map.get(key))
  }

  values(): PendingRequest[] {
    return [...this.#map.values()].flatMap(toArray)
  }

  add(key: string, pending: PendingRequest): void {
    const found = this.#map.get(key)
    if (found instanceof Set) found.add(pending)
    else if (found !== pending) this.#map.set(key, found ? new Set([found, pending]) : pending)
  }

  remove(key: string, pending: PendingRequest): void {
    const found = this.#map.get(key)
    if (found instanceof Set) found.delete(pending)
    if (found === pending || (found instanceof Set && found.size === 0)) this.#map.delete(key)
  }
}

function toArray(found: PendingRequest | Set<PendingRequest> | undefined): PendingRequest[] {
  if (found instanceof Set) return [...found]
  return found ? [found] : []
}

function keyOf({ subAccountId, channel, conversation = '' }: Conversation): string {
  return `${subAccountId} ${channel} ${cleanCustomerId(conversation)}`
}
