import type { ClientOptions } from '../../nodes/lib/client/client'
import type { MessagingError } from '../../nodes/lib/errors'
import { Replies } from '../../nodes/lib/replies/replies'
import type { ReplyRequest, ReplyResult } from '../../nodes/lib/replies/reply'
import type { Owner, StartRequest } from '../../nodes/lib/typing/session'
import { Sessions } from '../../nodes/lib/typing/sessions'
import { createClient } from './client'
import { moment } from './events'
import { type Answer, startServer } from './server'

/** What a server got: an indicator by its umid, or a reply by its text. */
export interface Call {
  what: 'dots' | 'reply'
  name: string
  answer(status?: number): void
}

/** An account's replies and sessions before a real server that answers when a test wants it to. */
export class RepliesBench {
  readonly calls: Call[] = []
  readonly owner: Owner = { id: 'node', onActiveChanged() {} }
  readonly replies: Replies
  readonly sessions: Sessions
  #arrival = moment()

  private constructor(
    readonly url: string,
    readonly options: Partial<ClientOptions>,
  ) {
    const client = createClient(url, options)
    const { timeout = 2000, maxWaiting = 10_000 } = options
    this.sessions = new Sessions(client)
    this.replies = new Replies(client, this.sessions, { timeout, maxWaiting })
  }

  /** @param auto whether each call is answered at once; false: by its `answer` */
  static async open(
    auto = true,
    options: Partial<ClientOptions> = {},
    special?: Answer,
  ): Promise<RepliesBench> {
    const server = await startServer((response, request, incoming) => {
      const { umid, content } = JSON.parse(request.body)
      const what = request.path.endsWith('events') ? 'dots' : 'reply'
      const name = what === 'dots' ? umid : content.text
      const receipt = JSON.stringify({ umid: `umid of ${name}`, status: { state: 'queued' } })
      const answer = (status = 200) =>
        void response.writeHead(status).end(what === 'reply' && status === 200 ? receipt : '')
      bench.calls.push({ what, name, answer })
      bench.#arrival.come()
      bench.#arrival = moment()
      if (special && what === 'reply') special(response, request, incoming)
      else if (auto) answer()
    })
    const bench = new RepliesBench(server.url, options)
    return bench
  }

  /** What came so far, e.g. `reply one`. */
  get log(): string[] {
    return this.calls.map(({ what, name }) => `${what} ${name}`)
  }

  /** Resolves when the server got so many calls. */
  async arrived(count: number): Promise<Call> {
    while (this.calls.length < count) await this.#arrival.came
    return this.calls[count - 1] as Call
  }

  /**
   * Resolves when all that is sent by now has arrived: a reply to somebody else, which goes out
   * behind it and leaves no trace in the log.
   */
  async caughtUp(): Promise<void> {
    const marker = this.reply('marker', '+99')
    const at = () => this.calls.findIndex(({ name }) => name === 'marker')
    while (at() < 0) await this.#arrival.came
    for (const call of this.calls.splice(at(), 1)) call.answer()
    await marker
  }

  /** A reply with this text, to this number. */
  request(text: string, msisdn = '+65', more: Partial<ReplyRequest> = {}): ReplyRequest {
    return {
      subAccountId: 'my_sub',
      recipient: { msisdn },
      bodies: [bodyOf(text)],
      typing: 'stop',
      ...more,
    }
  }

  /** Sends a reply that needs no reading. */
  reply(
    text: string,
    msisdn?: string,
    more?: Partial<ReplyRequest>,
  ): Promise<ReplyResult | MessagingError> {
    return settled(this.replies.reserve().send(this.request(text, msisdn, more)))
  }

  start(umid: string, more: Partial<StartRequest> = {}): Promise<unknown> {
    return this.sessions.start(
      {
        umid,
        channel: 'rcs',
        subAccountId: 'my_sub',
        conversation: '+65',
        expiresIn: 7_200_000,
        initialDelay: 0,
        renewEvery: 15_000,
        maxDuration: 60_000,
        ...more,
      },
      this.owner,
      () => {},
    )
  }

  close(): void {
    this.replies.close()
    this.sessions.close()
  }
}

/** The JSON of a text message. */
export function bodyOf(text: string): string {
  return JSON.stringify({ type: 'text', content: { text } })
}

/** The outcome of a reply, whichever it is. */
export function settled(reply: Promise<ReplyResult>): Promise<ReplyResult | MessagingError> {
  return reply.catch((error: MessagingError) => error)
}
