import type { ServerResponse } from 'node:http'
import { pathKey } from '../rules'
import type { ErrorHandler, Handler, HttpApp, HttpRequest } from './app'

/** Answers the requests to one path, with all methods. */
export type EndpointHandler = (request: HttpRequest, response: ServerResponse) => void

/** The endpoints of each app. Weak: the app of a test or of an embedder may go. */
const byApp = new WeakMap<HttpApp, Endpoints>()

/**
 * The endpoints of an app, mounted when they are first asked for.
 * @param middleware run before each request to an endpoint, and no other
 */
export function endpointsOf(app: HttpApp, middleware: Handler[] = []): Endpoints {
  let endpoints = byApp.get(app)
  if (!endpoints) {
    endpoints = new Endpoints(app)
    byApp.set(app, endpoints)
    // By route, not by use(), so that a middleware sees the same path as before `http in`.
    app.all(/^\//, endpoints.select, ...middleware, endpoints.handle, answerError)
  }
  return endpoints
}

/**
 * Paths that can be added and removed. Express cannot remove a route, and Node-RED removes, with an
 * `http in` node, all routes of an equal path. So there is one permanent route, a RegExp that equals
 * no path; requests for other paths pass through it.
 */
export class Endpoints {
  readonly #app: HttpApp
  readonly #handlers = new Map<string, EndpointHandler>()

  constructor(app: HttpApp) {
    this.#app = app
  }

  /**
   * Claims a path; the same handler may do so again.
   * @returns false where another handler or a route, e.g. of an `http in`, has it
   */
  claim(path: string, handler: EndpointHandler): boolean {
    const key = pathKey(path)
    const holder = this.#handlers.get(key)
    if ((holder && holder !== handler) || hasRoute(this.#app, key)) return false
    this.#handlers.set(key, handler)
    return true
  }

  /** Releases a path; does nothing if another handler has it. */
  release(path: string, handler: EndpointHandler): void {
    const key = pathKey(path)
    if (this.#handlers.get(key) === handler) this.#handlers.delete(key)
  }

  /** Lets requests to endpoints through, and all others past the route. */
  readonly select: Handler = (request, _response, next) => {
    next(this.#handlers.has(pathKey(request.path ?? '')) ? undefined : 'route')
  }

  /** Passes a request to its endpoint, which may be gone after an asynchronous middleware. */
  readonly handle: Handler = (request, response, next) => {
    const handler = this.#handlers.get(pathKey(request.path ?? ''))
    if (handler) handler(request, response)
    else next()
  }
}

/** As `http in` answers the failure of a middleware; but a body parser knows the status. */
const answerError: ErrorHandler = (error, _request, response, _next) => {
  const { status } = (error ?? {}) as { status?: unknown }
  const isRefusal = typeof status === 'number' && status >= 400 && status < 500
  if (response.headersSent) response.destroy()
  else response.writeHead(isRefusal ? status : 500).end()
}

/** A layer of the router of Express, version 4 or 5. */
interface Layer {
  route?: { path: unknown; methods: Record<string, boolean> }
}

/** Whether an app has a route for POST with this very path. */
function hasRoute(app: HttpApp, key: string): boolean {
  return stackOf(app).some(({ route }) => {
    if (!route || !(route.methods.post || route.methods._all)) return false
    return [route.path].flat().some((path) => typeof path === 'string' && pathKey(path) === key)
  })
}

/** Express 5 has `router`, which throws in Express 4; that has `_router`, once it has a route. */
function stackOf(app: HttpApp): Layer[] {
  type Router = { stack: Layer[] }
  const { _router } = app as { _router?: Router }
  return (_router ?? (app as HttpApp & { router: Router }).router).stack
}
