import type { Dispatcher } from 'undici'
import { errorOfAnswer, errorOfConnection, TypingError } from './errors'
import type { Line } from './line'
import type { Attempt, Post, Reporter } from './sending'

/** Bytes read of an answer; 8x8's error bodies have about 200. */
const MAX_ANSWER = 64 * 1024

const ABORTED = new Error('aborted')

/**
 * One request and its answer. A handler of undici's own, because `request()` makes a stream of
 * each answer, and needs a signal to be ended: together nearly half of what a message costs.
 */
export class Exchange implements Attempt, Dispatcher.DispatchHandler {
  readonly #line: Line
  readonly #post: Post
  readonly #reporter: Reporter
  #controller: Dispatcher.DispatchController | undefined
  /** Nothing is reported any more. */
  #over = false
  #written = false
  #accepted = false
  /** 0 until the head of the answer is there. */
  #statusCode = 0
  #retryAfter: string | undefined
  #size = 0
  #chunks: Buffer[] | undefined

  constructor(line: Line, post: Post, reporter: Reporter) {
    this.#line = line
    this.#post = post
    this.#reporter = reporter
  }

  get over(): boolean {
    return this.#over
  }

  get written(): boolean {
    return this.#written
  }

  start(): void {
    this.#line.send(this.#post, this)
  }

  abort(): TypingError | undefined {
    if (this.#over) return undefined
    this.#over = true
    this.#controller?.abort(ABORTED)
    return this.#statusCode && !this.#accepted ? this.#verdict(undefined) : undefined
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // undici calls this just before it writes, through a proxy too: the tunnel is there by then.
    if (this.#over) controller.abort(ABORTED)
    else this.#written = true
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#over || statusCode < 200) return
    this.#statusCode = statusCode
    if (statusCode < 300) {
      this.#accepted = true // the body is read only to free the connection
      this.#reporter.accepted(statusCode)
    } else {
      this.#retryAfter = [headers['retry-after']].flat()[0]
    }
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return
    this.#size += chunk.length
    if (this.#size > MAX_ANSWER) {
      this.#finish(undefined)
      controller.abort(ABORTED)
    } else if (!this.#accepted) {
      this.#chunks ??= []
      this.#chunks.push(chunk)
    }
  }

  onResponseEnd(): void {
    if (!this.#over) this.#finish(this.#chunks && Buffer.concat(this.#chunks).toString())
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#over) return
    if (this.#statusCode) {
      this.#finish(undefined) // the status has decided
    } else {
      this.#over = true
      this.#reporter.failed(error instanceof TypingError ? error : errorOfConnection(error))
    }
  }

  /** @param text of an answer that is not a success, where it could be read */
  #finish(text: string | undefined): void {
    this.#over = true
    if (this.#accepted) this.#reporter.ended()
    else this.#reporter.failed(this.#verdict(text))
  }

  #verdict(text: string | undefined): TypingError {
    const answer = { statusCode: this.#statusCode, text, retryAfter: this.#retryAfter }
    return errorOfAnswer(answer, (said) => this.#line.redact(said))
  }
}
