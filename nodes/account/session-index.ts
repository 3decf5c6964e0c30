import { CHANNELS, type Channel } from './api'

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
  /** Undefined: on whichever channel. */
  channel?: Channel | undefined
  /** E.g. the customer's phone number. */
  conversation?: string | undefined
}

/** Finds sessions, at a cost that does not depend on how many there are. */
export class SessionIndex<S extends Indexed> {
  readonly #byUmid = new Map<string, S>()
  readonly #byConversation = new Map<string, S>()
  readonly #byOwner = new Map<string, Set<S>>()

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

  ofConversation({ channel, ...rest }: Conversation): S | undefined {
    if (rest.conversation === undefined) return undefined
    for (const each of channel ? [channel] : CHANNELS) {
      const session = this.#byConversation.get(keyOf({ ...rest, channel: each }))
      if (session) return session
    }
    return undefined
  }

  /** A copy, so that sessions may be removed on the way. @param owner undefined: of all */
  list(owner?: Indexed['owner']): S[] {
    return [...((owner ? this.#byOwner.get(owner.id) : this.#byUmid.values()) ?? [])]
  }
}

function keyOf({ subAccountId, channel, conversation }: Conversation): string {
  return `${subAccountId} ${channel} ${conversation}`
}

/** Remembers umids for a time, for each owner. Costs nothing but memory while nothing is added. */
export class Memory {
  readonly #span: number
  /** When each is forgotten, in performance.now(), by owner; the oldest first. */
  readonly #until = new Map<string, Map<string, number>>()

  /** @param span ms */
  constructor(span: number) {
    this.#span = span
  }

  add(owner: string, umid: string): void {
    const now = performance.now()
    let own = this.#until.get(owner)
    if (!own) {
      // Rare, and with a new owner an old one may have gone that adds nothing any more.
      for (const [id, umids] of this.#until) if (!forget(umids, now)) this.#until.delete(id)
      own = new Map()
      this.#until.set(owner, own)
    }
    const key = umid.toLowerCase()
    own.delete(key) // to make it the newest
    own.set(key, now + this.#span)
    forget(own, now)
  }

  /** @param umid in either case of the letters */
  has(owner: string, umid: string): boolean {
    const until = this.#until.get(owner)?.get(umid.toLowerCase())
    return until !== undefined && until > performance.now()
  }
}

/** Drops what is over. @returns how many are left */
function forget(umids: Map<string, number>, now: number): number {
  for (const [umid, until] of umids) {
    if (until > now) break
    umids.delete(umid)
  }
  return umids.size
}
