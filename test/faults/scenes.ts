import type http from 'node:http'
import type net from 'node:net'
import { type Answer, startServer, startTcpServer } from '../support/server'
import type { Scene } from './matrix'

/** A server that answers each request in one way. */
export async function answering(answer: Answer): Promise<Scene> {
  const { url, received } = await startServer(answer)
  return { url, requests: () => received.length }
}

/**
 * An answer that shows the key in every place where a server can put it.
 * @param body more of 8x8's error body
 */
export function echo(
  statusCode: number,
  body: object = {},
  headers: http.OutgoingHttpHeaders = {},
): Answer {
  return (response, request) => {
    const { authorization = '' } = request.headers
    const key = authorization.replace('Bearer ', '')
    const base64 = Buffer.from(key).toString('base64')
    const twice = encodeURIComponent(encodeURIComponent(key))
    const whole = Buffer.from(authorization).toString('base64')
    const echoed = [authorization, key, base64, encodeURIComponent(key), twice, whole]
    const said = {
      message: [...echoed, JSON.stringify({ key })].join(' and '),
      errorId: key,
      timestamp: base64,
      ...body,
    }
    response
      .writeHead(statusCode, authorization, {
        'x-echo': authorization,
        'www-authenticate': authorization,
        ...(statusCode < 400 && { location: `/${key}` }),
        ...headers,
      })
      .end(statusCode === 204 || statusCode === 304 ? undefined : JSON.stringify(said))
  }
}

/** @param nth counts the requests, from 1. @param key what the request showed as ours */
type Respond = (socket: net.Socket, nth: number, key: string) => void

/** A server that says with each request what the test wants, byte by byte. */
export async function saying(respond: Respond): Promise<Scene> {
  let requests = 0
  const url = await startTcpServer((socket) => {
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk
      if (!text.endsWith('}')) return // the body is JSON
      const key = /^authorization: (.*)\r$/im.exec(text)?.[1] ?? ''
      text = ''
      requests++
      respond(socket, requests, key)
    })
  })
  return { url, requests: () => requests }
}

/** Says something and then resets the connection, when what was said is on its way. */
export const thenReset =
  (said: string): Respond =>
  (socket) => {
    socket.write(said, () => setTimeout(() => socket.resetAndDestroy(), 20))
  }

/** Says something piece by piece, for ever. @param ms between two pieces */
export const trickling =
  (head: string, piece: string, ms: number): Respond =>
  (socket) => {
    socket.write(head)
    const timer = setInterval(() => socket.write(piece), ms)
    socket.on('close', () => clearInterval(timer))
  }
