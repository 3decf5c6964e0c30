import type { Client } from '../account/client'
import { closedError, TypingError } from '../account/errors'
import type { Sending } from '../account/sending'
import type { Outcome, Task, Typing } from './outcome'
import { toRequest, type Values } from './request'

/** What an indicator is made of. */
export interface Parts {
  client: Client
  /** The sub-account of messages that name none. */
  subAccountId: string
  /** Reads the configured properties for a message. */
  read(msg: Task['msg']): Promise<Values>
  /** Whether a message of a channel without typing indicators passes, instead of failing. */
  passUnsupported: boolean
  outcome: Outcome
}

/** From messages to typing indicators: each message that comes in ends in one outcome. */
export class Indicator {
  readonly #parts: Parts
  readonly #tasks = new Set<Promise<void>>()
  readonly #sendings = new Set<Sending>()
  #closed = false

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Takes a message in hand. */
  accept(task: Task): void {
    const ended = this.#handle(task).finally(() => this.#tasks.delete(ended))
    this.#tasks.add(ended)
  }

  /** Ends every message in hand as `closed`; resolves when each has had its outcome. */
  async close(): Promise<void> {
    this.#closed = true
    for (const sending of this.#sendings) sending.cancel()
    await Promise.all(this.#tasks)
  }

  async #handle(task: Task): Promise<void> {
    const { outcome, passUnsupported } = this.#parts
    const startedAt = performance.now()
    const sinceStart = () => Math.round(performance.now() - startedAt)
    outcome.sending()
    let typing: Typing
    try {
      typing = { ...(await this.#send(task.msg)), durationMs: sinceStart() }
    } catch (error) {
      const failure = toTypingError(error)
      const { kind, umid, channel } = failure.cause
      if (kind !== 'unsupported-channel' || !passUnsupported) return outcome.fail(task, failure)
      typing = { state: 'skipped', umid, channel, attempts: 0, durationMs: sinceStart() }
    }
    outcome.succeed(task, typing)
  }

  async #send(msg: Task['msg']): Promise<Omit<Typing, 'durationMs'>> {
    const { client, subAccountId, read } = this.#parts
    const request = toRequest(await read(msg), msg.payload, subAccountId, Date.now())
    if (this.#closed) throw closedError()
    const sending = client.send(request)
    this.#sendings.add(sending)
    try {
      const { sentAt, ...sent } = await sending.result
      return { state: 'sent', ...request, ...sent, sentAt: new Date(sentAt).toISOString() }
    } catch (error) {
      const failure = toTypingError(error)
      Object.assign(failure.cause, { umid: request.umid, channel: request.channel })
      throw failure
    } finally {
      this.#sendings.delete(sending)
    }
  }
}

/** Anything else than a TypingError comes from a message that throws when it is looked at. */
function toTypingError(error: unknown): TypingError {
  if (error instanceof TypingError) return error
  const reason = error instanceof Error ? error.message : String(error)
  return new TypingError('invalid-input', `The message cannot be read: ${reason}`)
}
