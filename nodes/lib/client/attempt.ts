import type { Dispatcher } from 'undici'
import { errorOfConnection, errorOfPage, errorOfResponse, MessagingError } from '../errors'
import type { Attempt, AttemptHandler } from './request'
import { beginsLikePage, decodeBody, pageTypeOf, parseReceipt, type Receipt } from './response-body'
import type { RequestOptions, ResponseHandler, Transport } from './transport'

/** Bytes read of a response; 8x8's error bodies have about 200. */
const MAX_RESPONSE_BYTES = 64 * 1024

/** Bytes of a success in which to look for a page; our choice: no page starts with more blanks. */
const START_OF_PAGE = 1024

/**
 * ms to wait for the body of a success without a content type, which may be a page. Our choice: the
 * body of an indicator has no other use, so no message should wait long for it.
 */
const BODY_PATIENCE = 500

const ABORTED = new Error('aborted')

/**
 * One request and its response. A handler for undici's `dispatch`, because `request()` makes a stream
 * of each response, and needs a signal to be ended: together nearly half of what a message costs.
 */
export class HttpAttempt implements Attempt, ResponseHandler {
  readonly #transport: Transport
  readonly #options: RequestOptions
  readonly #handler: AttemptHandler
  #controller: Dispatcher.DispatchController | undefined
  /** Nothing more is reported. */
  #finished = false
  #written = false
  #accepted = false
  /** 0 until the response head arrives. */
  #statusCode = 0
  /** The media type if a success turned out to be a page. */
  #pageType: string | undefined
  /** Runs while a success may still turn out to be a page. */
  #patience: NodeJS.Timeout | undefined
  #retryAfter: string | undefined
  #bytes = 0
  #chunks: Buffer[] | undefined

  constructor(transport: Transport, options: RequestOptions, handler: AttemptHandler) {
    this.#transport = transport
    this.#options = options
    this.#handler = handler
  }

  get written(): boolean {
    return this.#written
  }

  start(): void {
    this.#transport.send(this.#options, this)
  }

  abort(): MessagingError | undefined {
    if (this.#finished) return undefined
    this.#finished = true
    this.#controller?.abort(ABORTED)
    this.#acceptUnlessPage()
    return this.#statusCode && !this.#accepted ? this.#verdict(undefined) : undefined
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // undici calls this just before it writes; with a proxy, when the tunnel is open. It skips a
    // request that throws here, while an abort would end the connection.
    if (this.#finished) throw ABORTED
    this.#controller = controller
    this.#written = true
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#finished || statusCode < 200) return
    this.#statusCode = statusCode
    if (statusCode >= 300) {
      this.#retryAfter = first(headers['retry-after'])
      return
    }
    const type = first(headers['content-type'])
    const isEmpty = statusCode === 204 || first(headers['content-length']) === '0'
    if (!isEmpty) this.#pageType = pageTypeOf(type)
    if (this.#options.atMostOnce) return // the body is read to its end
    if (isEmpty || /json/i.test(type ?? '')) this.#acceptUnlessPage()
    else this.#patience = setTimeout(() => this.#acceptUnlessPage(), BODY_PATIENCE)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#finished) return
    this.#bytes += chunk.length
    if (this.#bytes > MAX_RESPONSE_BYTES) {
      this.#finish(undefined)
      controller.abort(ABORTED)
    } else if (!this.#accepted) {
      this.#chunks ??= []
      this.#chunks.push(chunk)
      const mayBePage = this.#statusCode < 300 && !this.#pageType && !this.#options.atMostOnce
      if (mayBePage) this.#judgeStart(this.#chunks)
    }
  }

  onResponseEnd(): void {
    if (this.#finished) return
    if (this.#bytes === 0) this.#pageType = undefined // some servers send a type without a body
    this.#finish(this.#chunks && decodeBody(Buffer.concat(this.#chunks)))
  }

  onResponseError(_controller: unknown, error: Error): void {
    if (this.#finished) return
    if (this.#statusCode) {
      this.#finish(undefined) // the status has decided
    } else {
      this.#finished = true
      this.#handler.onFailed(
        error instanceof MessagingError
          ? error
          : errorOfConnection(error, (said) => this.#transport.redact(said)),
      )
    }
  }

  /** @param text the body, if it was read to its end */
  #finish(text: string | undefined): void {
    this.#finished = true
    this.#acceptUnlessPage(text)
    if (this.#accepted) this.#handler.onEnd()
    else this.#handler.onFailed(this.#verdict(text))
  }

  /** @param chunks the body of a success so far */
  #judgeStart(chunks: Buffer[]): void {
    const isPage = beginsLikePage(decodeBody(Buffer.concat(chunks)))
    if (isPage) this.#pageType = 'text/html'
    if (isPage !== undefined || this.#bytes > START_OF_PAGE) this.#acceptUnlessPage()
  }

  /**
   * The body of an indicator's success is read only to free the connection, so no message waits for
   * it. A reply's is read to its end; if it is cut, the reply is a success nevertheless.
   */
  #acceptUnlessPage(text?: string): void {
    clearTimeout(this.#patience)
    if (this.#accepted || !this.#statusCode || this.#statusCode >= 300) return
    let receipt: Receipt | undefined
    if (this.#options.atMostOnce) {
      const isPage = beginsLikePage(text ?? decodeBody(Buffer.concat(this.#chunks ?? [])))
      if (isPage) this.#pageType ??= 'text/html'
      if (!this.#pageType && text !== undefined) receipt = parseReceipt(text)
    }
    if (this.#pageType) return
    this.#accepted = true
    this.#chunks = undefined
    this.#handler.onAccepted(this.#statusCode, receipt)
  }

  #verdict(text: string | undefined): MessagingError {
    if (this.#pageType) return errorOfPage(this.#statusCode, this.#pageType)
    const response = { statusCode: this.#statusCode, text, retryAfter: this.#retryAfter }
    return errorOfResponse(response, (said) => this.#transport.redact(said))
  }
}

/** The first value of a header. */
function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}
