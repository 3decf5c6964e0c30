import { z } from 'zod'
import { onlyKnown } from '../errors'

/** The media types of web pages. */
const PAGE_TYPE = /^\s*(text\/html|application\/xhtml\+xml)\b/i

/** How web pages begin, by the MIME Sniffing Standard of WHATWG (7.1), which browsers follow. */
const PAGE_START =
  /^<(!--|(!doctype|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p)[\s>])/i

/** Characters that identify a page: those of `<!doctype` and one more. */
const ENOUGH = 10

/** The media type of a page, by its Content-Type header; undefined: not a page. */
export function pageTypeOf(contentType: string | undefined): string | undefined {
  return PAGE_TYPE.exec(contentType ?? '')?.[1]?.toLowerCase()
}

/** Whether a body begins like a web page; undefined: too short to tell. */
export function beginsLikePage(body: string): boolean | undefined {
  const start = body.trimStart().slice(0, ENOUGH)
  if (PAGE_START.test(start)) return true
  const isTag = start === '' || (start.startsWith('<') && !/[\s>]/.test(start))
  return isTag && start.length < ENOUGH ? undefined : false
}

/** The text of a body: UTF-8, or UTF-16 by its byte order mark, and without the mark. */
export function decodeBody(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString('hex')
  const encoding = mark === 'fffe' ? 'utf-16le' : mark === 'feff' ? 'utf-16be' : 'utf-8'
  return new TextDecoder(encoding).decode(bytes)
}

/** What 8x8 says about a reply that it accepted. */
export interface Receipt {
  umid?: string
  /** E.g. `queued`. */
  state?: string
}

const text = z.string().min(1).max(100).optional().catch(undefined)
const receipt = z.object({
  umid: text,
  status: z.object({ state: text }).optional().catch(undefined),
})

/** Reads the body of a reply's success; undefined if it has nothing for us. */
export function parseReceipt(body: string): Receipt | undefined {
  let json: unknown
  try {
    json = JSON.parse(body)
  } catch {
    return undefined // empty or cut
  }
  const { umid, status } = receipt.safeParse(json).data ?? {}
  const state = status?.state
  return umid || state ? (onlyKnown({ umid, state }) as Receipt) : undefined
}
