import type { NodeAPI } from 'node-red'
import { type Handler, type HttpApp, middlewareOf } from '../http/app'

/** The settings of Node-RED that its HTTP nodes depend on. */
interface HttpNodeSettings {
  httpNodeRoot?: string | false
  httpNodeMiddleware?: unknown
}

/**
 * The app that serves HTTP nodes, and `httpNodeMiddleware`, which runs before each request.
 * @returns undefined where there is none, because `httpNodeRoot` is false
 */
export function httpNodeOf(RED: NodeAPI): { app: HttpApp; middleware: Handler[] } | undefined {
  const { httpNodeRoot, httpNodeMiddleware } = RED.settings as unknown as HttpNodeSettings
  if (httpNodeRoot === false) return undefined
  return { app: RED.httpNode as HttpApp, middleware: middlewareOf(httpNodeMiddleware) }
}
