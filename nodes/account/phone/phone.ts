import { EventEmitter } from 'node:events'
import { SAMPLE_UMID } from '../../lib/sandbox/api'
import { routeOf } from '../../lib/sandbox/checks'
import type { ConversationKey } from '../../lib/sandbox/conversations'
import type { InboundWebhook } from '../../lib/sandbox/delivery'
import type { SandboxEvents } from '../../lib/sandbox/events'
import type { SandboxRequest } from '../../lib/sandbox/handler'
import type { Sandbox } from '../../lib/sandbox/server'
import { faultOf } from './fault'
import { readReply } from './reply'
import { RecentRequests } from './requests'
import type { PhoneSettings } from './settings'
import type { FaultName, PhoneDelivery, PhoneState } from './state'

/** ms; a longer timer of Node.js fires at once. */
const LONGEST_TIMER = 2 ** 31 - 1

/** Events of a phone. */
export interface PhoneEvents {
  /** Its state has changed. */
  change: []
  /** The customer wrote, and it is not posted as a webhook. */
  inbound: [InboundWebhook]
  /** It is closed; no event follows. */
  close: []
}

/**
 * A customer's phone: one conversation of a sandbox, and what the API does to it. All of it is in
 * memory and bounded: 100 messages (by the sandbox), 50 requests, one delivery to show. How many
 * deliveries run at once depends on how fast messages come, which {@link ./router} limits.
 * Two phones with the same sub-account, channel and number show the same conversation.
 */
export class Phone extends EventEmitter<PhoneEvents> {
  readonly settings: PhoneSettings
  readonly #sandbox: Sandbox
  readonly #key: ConversationKey & { channel: PhoneSettings['channel'] }
  readonly #requests = new RecentRequests()
  readonly #closing = new AbortController()
  readonly #undo: (() => void)[] = []
  #fault: FaultName = 'none'
  #delivery: PhoneDelivery | undefined
  #expiry: NodeJS.Timeout | undefined

  constructor(sandbox: Sandbox, settings: PhoneSettings) {
    super()
    // The page allows 20 streams, each of which listens.
    this.setMaxListeners(0)
    this.settings = settings
    this.#sandbox = sandbox
    const { subAccountId, channel, msisdn } = settings
    this.#key = { subAccountId, channel, msisdn }
    this.#listen('message', ({ key }) => this.#isMine(key) && this.#changed())
    this.#listen('typing', ({ key }) => this.#isMine(key) && this.#changed())
    this.#listen('request', (request) => {
      if (!this.#concerns(request)) return
      this.#requests.add(request)
      this.#changed()
    })
    this.#undo.push(sandbox.addFault((request) => this.#faultFor(request)))
  }

  /** Everything that the page shows, as it is now; a copy. */
  state(): PhoneState {
    const { channel, subAccountId, customerName, msisdn } = this.settings
    return {
      channel,
      subAccountId,
      customerName,
      msisdn,
      now: this.#sandbox.now(),
      ...this.#sandbox.conversation(this.#key),
      requests: this.#requests.list(),
      fault: this.#fault,
      ...(this.#delivery && { delivery: { ...this.#delivery } }),
    }
  }

  /** The customer writes: shown, then posted as a webhook or emitted. @param text as checked */
  write(text: string): void {
    const { customerName, webhook } = this.settings
    const { umid } = this.#sandbox.receive({ ...this.#key, name: customerName, text })
    if (webhook) void this.#deliver(umid, webhook)
    else this.emit('inbound', this.#sandbox.webhook(umid))
  }

  /**
   * The brand writes, which takes the dots down.
   * @param payload text, or the body of an 8x8 messages call
   * @throws {TypeError} for anything else
   */
  reply(payload: unknown): void {
    this.#sandbox.reply(this.#key, readReply(payload, this.settings.msisdn))
  }

  /** The error that the API simulates for requests of this phone from now on. */
  set fault(fault: FaultName) {
    this.#fault = fault
    this.#changed()
  }

  /** Ends its deliveries, faults, timers and listeners. The conversation stays in the sandbox. */
  close(): void {
    this.#closing.abort()
    clearTimeout(this.#expiry)
    for (const undo of this.#undo.splice(0)) undo()
    this.emit('close')
    this.removeAllListeners()
  }

  async #deliver(umid: string, webhook: { url: string; authorization?: string }): Promise<void> {
    const show = (delivery: PhoneDelivery) => {
      // Only that of the last message is shown.
      if (this.#delivery?.umid !== umid || this.#closing.signal.aborted) return
      this.#delivery = delivery
      this.#changed()
    }
    this.#delivery = { umid, attempts: 0, delivered: false, pending: true }
    this.#changed()
    const delivering = this.#sandbox.deliver(umid, {
      ...webhook,
      signal: this.#closing.signal,
      attempted: (delivery) => show({ ...delivery, pending: true }),
    })
    // What the check of the settings let through and Node.js does not take is not delivered either.
    const ended = await delivering.catch(() => ({ umid, attempts: 0, delivered: false }))
    show({ ...ended, pending: false })
  }

  #faultFor(request: SandboxRequest) {
    if (this.#fault === 'none' || !this.#concerns(request)) return undefined
    return faultOf(this.#fault, routeOf(request.path)?.resource)
  }

  /** By umid or number; the sample umid counts for every phone of its sub-account and channel. */
  #concerns({ target = {}, subAccountId }: SandboxRequest): boolean {
    const { umid = '', channel, msisdn } = target
    const mine = subAccountId === this.#key.subAccountId
    if (mine && msisdn === this.#key.msisdn) return true
    const isSample = umid.toLowerCase() === SAMPLE_UMID
    if (mine && isSample && channel === this.#key.channel) return true
    const inbound = this.#sandbox.inbound(umid)
    return inbound !== undefined && this.#isMine(inbound)
  }

  #isMine({ subAccountId, channel, msisdn }: ConversationKey): boolean {
    const mine = this.#key
    return msisdn === mine.msisdn && subAccountId === mine.subAccountId && channel === mine.channel
  }

  /** Also sets the alarm for when the dots go by themselves, of which the sandbox says nothing. */
  #changed(): void {
    clearTimeout(this.#expiry)
    const { typingUntil } = this.#sandbox.conversation(this.#key)
    if (typingUntil) {
      // 1 ms more: a timer may come a fraction too early.
      const wait = Math.min(typingUntil - this.#sandbox.now() + 1, LONGEST_TIMER)
      this.#expiry = setTimeout(() => this.#changed(), wait)
    }
    this.emit('change')
  }

  #listen<E extends keyof SandboxEvents>(event: E, on: (detail: SandboxEvents[E][0]) => void) {
    const sandbox: NodeJS.EventEmitter = this.#sandbox as NodeJS.EventEmitter
    sandbox.on(event, on)
    this.#undo.push(() => sandbox.off(event, on))
  }
}
