import type { IncomingMessage, ServerResponse } from 'node:http'

/** A request as Express hands it on. */
export interface HttpRequest extends IncomingMessage {
  /** Path of the URL, below the app's mount point. */
  path?: string
  /** What an earlier body parser has read. */
  body?: unknown
}

/** A request handler of Express, version 4 or 5. */
export type Handler = (
  request: HttpRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown

/** An error handler; Express recognises it by its four parameters. */
export type ErrorHandler = (
  error: unknown,
  request: HttpRequest,
  response: ServerResponse,
  next: (error?: unknown) => void,
) => unknown

/** What is needed of an Express app, version 4 or 5. */
export interface HttpApp {
  all(path: RegExp, ...handlers: (Handler | ErrorHandler)[]): unknown
}

/**
 * The handlers in `httpNodeMiddleware`, which run before each request as they do for `http in`.
 * @param setting a function or an array of them; anything else is ignored, as `http in` does
 */
export function middlewareOf(setting: unknown): Handler[] {
  const all: unknown[] = Array.isArray(setting) ? setting.flat() : [setting]
  return all.filter((one): one is Handler => typeof one === 'function')
}
