import { EventEmitter } from 'node:events'
import { routeOf } from '../../lib/sandbox/checks'
import { contentOf } from '../../lib/sandbox/choice'
import type { ConversationKey, PhoneContent } from '../../lib/sandbox/conversations'
import { CUSTOMERS, SAMPLE_UMID, type SandboxCustomer } from '../../lib/sandbox/customers'
import type { SandboxEvents } from '../../lib/sandbox/events'
import type { SandboxRequest } from '../../lib/sandbox/handler'
import { RecentMap } from '../../lib/sandbox/recent-map'
import type { NewMessage, Sandbox } from '../../lib/sandbox/server'
import type { InboundWebhook, ReceiptWebhook } from '../../lib/sandbox/webhook'
import { faultOf } from './fault'
import { RecentRequests } from './requests'
import type { FaultName, PhoneChoice, PhoneCustomer, PhoneDelivery, PhoneState } from './state'
import { type PhoneUser, PhoneUsers } from './users'

/** Deliveries remembered; our choice: as many as three chats have messages. */
const MAX_DELIVERIES = 300

/** ms; a longer timer of Node.js fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Events of a phone. */
export interface PhoneEvents {
  /** Its state has changed. */
  change: []
  /** No node uses it any more. */
  unused: []
  /** It is closed; no event follows. */
  close: []
}

/**
 * The phone of an account: its customers, and what the API does to them. What they write goes to one
 * inbound node of the account. All of it is in memory and bounded: 100 messages of each chat (by the
 * sandbox), 50 requests of each customer, 300 deliveries. Phones of accounts with the same
 * sub-account show the same chats.
 */
export class Phone extends EventEmitter<PhoneEvents> {
  readonly #sandbox: Sandbox
  readonly #users = new PhoneUsers()
  /** By customer. */
  readonly #faults = new Map<string, FaultName>()
  readonly #requests = new Map(CUSTOMERS.map(({ id }) => [id, new RecentRequests()] as const))
  /** By umid. */
  readonly #deliveries = new RecentMap<PhoneDelivery>(MAX_DELIVERIES, Number.POSITIVE_INFINITY)
  /** When the dots of a conversation expire. The sandbox sends no event for this. */
  readonly #alarms = new Map<string, NodeJS.Timeout>()
  readonly #undo: (() => void)[] = []
  #requestCount = 0

  constructor(sandbox: Sandbox) {
    super()
    // The page allows 20 streams, each of which listens.
    this.setMaxListeners(0)
    this.#sandbox = sandbox
    this.#listen('message', ({ key }) => this.#changed(key))
    this.#listen('clear', ({ key }) => this.#changed(key))
    this.#listen('typing', ({ key, until }) => {
      this.#setAlarm(key, until)
      this.#changed(key)
    })
    this.#listen('receipt', ({ key, umid, webhook }) => {
      const isOurs = CUSTOMERS.some((customer) => isOf(customer, key))
      if (isOurs && this.#users.have(key.subAccountId)) this.#deliver(umid, webhook)
    })
    this.#listen('request', (request) => this.#record(request))
    this.#undo.push(sandbox.addFault((request) => this.#faultFor(request)))
  }

  /** Whether a node uses the account; the page is there only then. */
  get inUse(): boolean {
    return this.#users.size > 0
  }

  /** A node uses the account from now on. @returns ends that */
  join(user: PhoneUser): () => void {
    this.#users.add(user)
    this.emit('change')
    return () => {
      if (this.#users.delete(user)) this.emit(this.inUse ? 'change' : 'unused')
    }
  }

  /** Everything that the page shows of a customer, as it is now; a copy. */
  state(customer: SandboxCustomer): PhoneState {
    const { account, subAccountId } = this.#users.account()
    const chats = new Map(CUSTOMERS.map((each) => [each, this.#chat(each)]))
    const { messages = [], typingUntil } = chats.get(customer) ?? {}
    const inbound = this.#users.inbound()
    return {
      now: this.#sandbox.now(),
      account,
      subAccountId,
      customers: Array.from(chats, ([each, chat]) => summaryOf(each, chat)),
      customer: customer.id,
      messages: messages.map((message) => {
        const delivery = this.#deliveries.get(message.umid)
        return delivery ? { ...message, delivery } : message
      }),
      ...(typingUntil !== undefined && { typingUntil }),
      requests: this.#requests.get(customer.id)?.list() ?? [],
      fault: this.#faults.get(customer.id) ?? 'none',
      inbounds: this.#users
        .inbounds()
        .map(({ id, inbound: { label }, subAccountId }) => ({ id, label, subAccountId })),
      ...(inbound && { inbound: inbound.id }),
    }
  }

  /** A customer writes. @param text as checked */
  write(customer: SandboxCustomer, text: string): void {
    this.#receive(customer, { text })
  }

  /**
   * A customer makes a choice in a message of the business.
   * @throws {RangeError} where the chat has no such message
   */
  choose(customer: SandboxCustomer, { umid, ...choice }: PhoneChoice): void {
    const message = this.#chat(customer).messages.find((each) => each.umid === umid)
    if (message?.from !== 'business') throw new RangeError('The chat has no such message')
    const { title: text } = choice
    const content = contentOf(choice)
    this.#receive(customer, { text, type: 'Interactive', content, replyToUmid: umid })
  }

  /**
   * The event that 8x8 posts for a message: of a customer's the message itself, of the business's its
   * newest receipt.
   * @throws {RangeError} where no chat has the message, or where it has no receipt yet
   */
  webhook(umid: string): InboundWebhook | ReceiptWebhook {
    const isShown = CUSTOMERS.some((customer) =>
      this.#chat(customer).messages.some((each) => each.umid === umid),
    )
    if (!isShown) throw new RangeError('No chat has such a message')
    return this.#sandbox.webhook(umid)
  }

  /** Delivers the event of a message again. @throws {RangeError} as {@link webhook} */
  deliver(umid: string): void {
    this.#deliver(umid, this.webhook(umid))
  }

  /** Chooses the inbound node that customers write to. @throws {RangeError} for an unknown one */
  writeTo(inboundId: string): void {
    this.#users.choose(inboundId)
    this.emit('change')
  }

  /** Drops the messages of a customer's chat. */
  clear(customer: SandboxCustomer): void {
    this.#sandbox.clear(this.#key(customer))
  }

  /** Simulates an error of the API for all requests that concern a customer, from now on. */
  simulate(customer: SandboxCustomer, fault: FaultName): void {
    this.#faults.set(customer.id, fault)
    this.emit('change')
  }

  /** Ends its faults, timers and listeners. The chats stay in the sandbox. */
  close(): void {
    for (const alarm of this.#alarms.values()) clearTimeout(alarm)
    for (const undo of this.#undo.splice(0)) undo()
    this.emit('close')
    this.removeAllListeners()
  }

  #receive(customer: SandboxCustomer, message: Omit<NewMessage, 'subAccountId'>): void {
    const { name, username } = customer
    const { umid } = this.#sandbox.receive({
      ...this.#key(customer),
      channel: customer.channel,
      ...(name !== undefined && { name }),
      ...(username !== undefined && { username }),
      ...message,
    })
    this.#deliver(umid, this.#sandbox.webhook(umid))
  }

  /** Hands an event to the inbound node for it. */
  #deliver(umid: string, webhook: InboundWebhook | ReceiptWebhook): void {
    const user = this.#users.inboundOf(webhook.payload.subAccountId)
    this.#deliveries.set(
      umid,
      {
        at: this.#sandbox.now(),
        ...(user
          ? { inbound: user.inbound.label, ...user.inbound.receive(JSON.stringify(webhook)) }
          : { outcome: 'no-inbound' }),
      },
      0,
    )
    this.emit('change')
  }

  #key({ channel, msisdn, channelUserId }: SandboxCustomer): ConversationKey {
    const { subAccountId } = this.#users.account()
    return { subAccountId, channel, msisdn, channelUserId }
  }

  #chat(customer: SandboxCustomer): PhoneContent {
    return this.#sandbox.conversation(this.#key(customer))
  }

  #record(request: SandboxRequest): void {
    const concerned = this.#concernedBy(request)
    if (concerned.length === 0) return
    const umid = request.umid ?? this.#sandbox.inbound(request.target?.umid ?? '')?.umid
    const id = ++this.#requestCount
    for (const customer of concerned) this.#requests.get(customer.id)?.add(request, id, umid)
    this.emit('change')
  }

  #faultFor(request: SandboxRequest) {
    const [customer, ...others] = this.#concernedBy(request)
    const fault = customer && others.length === 0 && this.#faults.get(customer.id)
    return fault ? faultOf(fault, routeOf(request.path)?.resource) : undefined
  }

  /**
   * The customer whom a request concerns, by umid or id; all of them where it concerns nobody whom
   * the sandbox knows; none where it is about another account.
   */
  #concernedBy(request: SandboxRequest): readonly SandboxCustomer[] {
    const { target = {}, body, status = 0 } = request
    const message = target.umid === undefined ? undefined : this.#sandbox.inbound(target.umid)
    // The body of a request with a wrong path or sub-account is not read, so it can be anyone's.
    const isLost = body === undefined && status >= 400
    if (!isLost && !this.#users.have((message ?? request).subAccountId)) return []
    const isSample = target.umid?.toLowerCase() === SAMPLE_UMID && !message
    const customer = CUSTOMERS.find((each) =>
      isSample ? each.channel === target.channel : isOf(each, message ?? target),
    )
    return customer ? [customer] : CUSTOMERS
  }

  #setAlarm(key: ConversationKey, until: number | undefined): void {
    const name = JSON.stringify(key)
    clearTimeout(this.#alarms.get(name))
    this.#alarms.delete(name)
    if (until === undefined || !this.#users.have(key.subAccountId)) return
    // 1 ms more: a timer may come a fraction too early.
    const wait = Math.min(until - this.#sandbox.now() + 1, LONGEST_TIMER)
    const alarm = setTimeout(() => {
      this.#alarms.delete(name)
      this.emit('change')
    }, wait)
    this.#alarms.set(name, alarm.unref())
  }

  #changed(key: ConversationKey): void {
    if (this.#users.have(key.subAccountId)) this.emit('change')
  }

  #listen<E extends keyof SandboxEvents>(event: E, on: (detail: SandboxEvents[E][0]) => void) {
    const sandbox: NodeJS.EventEmitter = this.#sandbox as NodeJS.EventEmitter
    sandbox.on(event, on)
    this.#undo.push(() => sandbox.off(event, on))
  }
}

/** What the page shows of each customer, also of one whose chat it does not show. */
function summaryOf(
  { id, label, channel, msisdn, username }: SandboxCustomer,
  { messages, typingUntil }: PhoneContent,
): PhoneCustomer {
  const reply = messages.findLast(({ from }) => from === 'business')
  return {
    ...{ id, label, channel },
    ...(msisdn !== undefined && { msisdn }),
    ...(username !== undefined && { username }),
    typing: typingUntil !== undefined,
    ...(reply && { repliedAt: reply.at }),
  }
}

/** Whether a customer has these ids; a phone number decides before a user id. */
function isOf(
  customer: SandboxCustomer,
  ids: { msisdn?: string; channelUserId?: string },
): boolean {
  return ids.msisdn === undefined
    ? ids.channelUserId !== undefined && ids.channelUserId === customer.channelUserId
    : ids.msisdn === customer.msisdn
}
