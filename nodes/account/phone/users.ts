import type { AccountUser, InboundEndpoint } from '../../lib/connection'

/** A node that uses an account, with what the phone shows of the account. */
export interface PhoneUser extends AccountUser {
  /** The account's name; blank: none. */
  account: string
  subAccountId: string
}

/** An inbound node that uses an account. */
export type InboundUser = PhoneUser & { inbound: InboundEndpoint }

/**
 * The nodes that use the account of a phone. In a subflow, each instance has its own account, so their
 * sub-accounts may differ.
 */
export class PhoneUsers {
  readonly #users = new Set<PhoneUser>()
  /** The id of the inbound node that was chosen, which may be gone for now. */
  #chosen: string | undefined

  get size(): number {
    return this.#users.size
  }

  add(user: PhoneUser): void {
    this.#users.add(user)
  }

  /** @returns false for one that is not there */
  delete(user: PhoneUser): boolean {
    return this.#users.delete(user)
  }

  /** Whether an account has the sub-account. */
  have(subAccountId: string | undefined): boolean {
    return [...this.#users].some((user) => user.subAccountId === subAccountId)
  }

  /** The inbound nodes, in an order that a deploy does not change. */
  inbounds(): InboundUser[] {
    const isInbound = (user: PhoneUser): user is InboundUser => user.inbound !== undefined
    const nameOf = ({ id, inbound: { label } }: InboundUser) => `${label} ${id}`
    return [...this.#users].filter(isInbound).sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  }

  /** The inbound node that customers write to: the chosen one while it is there, else the first. */
  inbound(): InboundUser | undefined {
    const inbounds = this.inbounds()
    return inbounds.find(({ id }) => id === this.#chosen) ?? inbounds[0]
  }

  /** The inbound node for the events of a sub-account: the one above if it is of that sub-account. */
  inboundOf(subAccountId: string): InboundUser | undefined {
    const inbound = this.inbound()
    if (inbound?.subAccountId === subAccountId) return inbound
    return this.inbounds().find((each) => each.subAccountId === subAccountId)
  }

  /** Chooses the inbound node that customers write to. @throws {RangeError} for an unknown one */
  choose(id: string): void {
    if (!this.inbounds().some((inbound) => inbound.id === id)) {
      throw new RangeError('No such inbound node uses the account')
    }
    this.#chosen = id
  }

  /** The account that customers write to; blank without a node. */
  account(): Pick<PhoneUser, 'account' | 'subAccountId'> {
    const [first = { account: '', subAccountId: '' }] = this.#users
    return this.inbound() ?? first
  }
}
