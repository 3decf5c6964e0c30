import assert from 'node:assert/strict'
import type http from 'node:http'
import { gzipSync } from 'node:zlib'
import { moment } from '../support/events'
import { startServer } from '../support/server'
import { describeFaults, type FaultCase } from './matrix'
import { answering, saying, trickling } from './scenes'

const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
const rejected = { output: 'error', kind: 'rejected', statusCode: 400, attempts: 1 } as const
const sent = { output: 'success', statusCode: 200, attempts: 1 } as const
// Made beforehand, because making them would hold up the other cases.
const BOMB = gzipSync(Buffer.alloc(50_000_000))
const PADDING = Buffer.alloc(10 * 1024 * 1024, ' ')
const BODY = JSON.stringify({ code: 1200, message: 'a' })

/** Pages that come with 200: of portals, of proxies, of a base URL that is wrong. */
const pages: [what: string, head: string, body: string][] = [
  ['by its type', '200 OK\r\ncontent-type: text/html', 'Log in as KEY'],
  ['with a charset', '200 OK\r\ncontent-type: Text/HTML; charset=utf-8', '<html>KEY</html>'],
  ['XHTML', '200 OK\r\ncontent-type: application/xhtml+xml', '<html>KEY</html>'],
  ['without a type', '200 OK', '<!DOCTYPE html><p>KEY</p>'],
  ['without a doctype', '200 OK', '<html>KEY</html>'],
  ['with an attribute', '200 OK', '<HTML lang="en">KEY</HTML>'],
  ['after blanks', '200 OK', '\r\n\t  <html>KEY</html>'],
  ['after a byte order mark', '200 OK', '\u{feff}<!doctype html><p>KEY</p>'],
  ['called plain', '200 OK\r\ncontent-type: text/plain', '<!doctype html>KEY'],
  ['called KEY', '200 OK\r\ncontent-type: KEY', '<!doctype html>'],
]

/** What is no page stays a success. */
const successes: [what: string, head: string, body: string][] = [
  ['empty', '200 OK\r\ncontent-length: 0', ''],
  ['empty, to the end of the connection', '200 OK', ''],
  ['empty, of a type', '200 OK\r\ncontent-type: text/html\r\ncontent-length: 0', ''],
  ['empty, of a type, to the end of the connection', '200 OK\r\ncontent-type: text/html', ''],
  ['without a body', '204 No Content', ''],
  ['JSON', '200 OK\r\ncontent-type: application/json', '{}'],
  ['JSON with HTML in it', '202 Accepted', '{"html":"<html>"}'],
  ['text', '201 Created\r\ncontent-type: text/plain', 'OK'],
  ['text of one sign', '200 OK', '<'],
  ['blanks', '200 OK', '  \r\n'],
  ['XML', '200 OK\r\ncontent-type: text/xml', '<?xml version="1.0"?><ok/>'],
  ['something that only begins like it', '200 OK', '<htmlish/>'],
]

const marked: [what: string, body: Buffer][] = [
  ['UTF-8', Buffer.from(`\u{feff}${BODY}`)],
  ['UTF-16, little end first', Buffer.from(`\u{feff}${BODY}`, 'utf16le')],
  ['UTF-16, big end first', Buffer.from(`\u{feff}${BODY}`, 'utf16le').swap16()],
]

/** Says the head and the body of an answer as they are, and closes the connection. */
const closing = (head: string, body: string) => () =>
  saying((socket, _nth, key) => socket.end(`HTTP/1.1 ${head}\r\n\r\n${body.replace('KEY', key)}`))

/** An answer with a body of bytes. */
const bytes = (statusCode: number, body: Buffer, headers = {}) =>
  answering((response) => response.writeHead(statusCode, headers).end(body))

/** A body larger than anybody should read: the client has to end the connection, and soon. */
const oversized =
  (statusCode: number, write: (response: http.ServerResponse) => void) => async () => {
    const cut = moment<number>()
    const { url, received } = await startServer((response, _request, { socket }) => {
      const began = performance.now()
      socket.on('close', () => cut.come(performance.now() - began))
      response.writeHead(statusCode)
      write(response)
    })
    // Sooner than the timeout of the attempt (5 s), or an idle connection's (3 s).
    const verify = async () => assert.ok((await cut.came) < 2500)
    return { url, requests: () => received.length, verify }
  }

function writeForEver(response: http.ServerResponse): void {
  const write = () => {
    while (response.write(PADDING));
  }
  response.on('drain', write)
  write()
}

/** Interim answers and then a final one. */
const interim =
  (...heads: string[]) =>
  () =>
    saying((socket) => {
      for (const head of heads) socket.write(`HTTP/1.1 ${head}\r\n\r\n`)
      socket.write(OK)
    })

const cases: FaultCase[] = [
  {
    name: 'a Content-Length beyond the end of a success',
    provoke: closing('200 OK\r\ncontent-length: 100', '{}'),
    expect: sent,
  },
  {
    name: 'a Content-Length beyond the end of a rejection',
    provoke: closing('400 No\r\ncontent-length: 100', BODY),
    expect: rejected,
  },
  {
    name: 'a Content-Length short of the end of a success',
    provoke: closing('200 OK\r\ncontent-length: 1', '{} KEY'),
    expect: sent,
  },
  {
    name: 'a Content-Length short of the end of a rejection',
    provoke: closing('400 No\r\ncontent-length: 1', `${BODY} KEY`),
    expect: rejected,
  },
  {
    name: 'a Content-Length that is none',
    provoke: closing('200 OK\r\ncontent-length: KEY', '{}'),
    expect: { output: 'error', kind: 'server', attempts: 'retried' },
  },
  {
    name: 'truncated JSON',
    provoke: closing('400 No\r\nconnection: close', BODY.slice(0, -3)),
    expect: rejected,
  },
  {
    name: 'JSON that is no object',
    provoke: closing('400 No\r\nconnection: close', '"KEY"'),
    expect: rejected,
  },
  {
    name: 'fields of wrong types',
    provoke: closing('400 No\r\nconnection: close', '{"code":"KEY","message":["KEY"],"errorId":1}'),
    expect: rejected,
  },
  {
    name: 'HTML of a proxy',
    provoke: closing('502 No\r\ncontent-type: text/html', '<html>KEY</html>'),
    expect: { output: 'error', kind: 'server', statusCode: 502, attempts: 'retried' },
  },
  ...pages.map(
    ([what, head, body]): FaultCase => ({
      name: `a page as a success: ${what}`,
      provoke: closing(head, body),
      expect: { output: 'error', kind: 'server', statusCode: 200, attempts: 1, says: /web page/ },
    }),
  ),
  ...successes.map(
    ([what, head, body]): FaultCase => ({
      name: `a success that is no page: ${what}`,
      provoke: closing(head, body),
      expect: { ...sent, statusCode: Number(head.slice(0, 3)) },
    }),
  ),
  {
    name: 'a page as a success, in pieces',
    provoke: () =>
      saying((socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n \n<!')
        setTimeout(() => socket.write('DOCTYPE html><p>'), 20)
      }),
    expect: { output: 'error', kind: 'server', statusCode: 200, attempts: 1, says: /web page/ },
  },
  {
    name: 'a page as a success that never ends',
    provoke: () =>
      saying(trickling('HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<html>', ' ', 20)),
    expect: { output: 'error', kind: 'server', statusCode: 200, attempts: 1, says: /web page/ },
  },
  ...marked.map(
    ([what, body]): FaultCase => ({
      name: `a body with a byte order mark: ${what}`,
      provoke: () => bytes(400, body),
      expect: { ...rejected, kind: 'authentication', code: 1200 },
    }),
  ),
  {
    name: 'a body in Latin-1 that says UTF-8',
    provoke: () => bytes(401, Buffer.from('{"code":1200,"message":"clé"}', 'latin1')),
    expect: { ...rejected, kind: 'authentication', statusCode: 401, code: 1200 },
  },
  {
    name: 'a body in UTF-16',
    provoke: () =>
      bytes(400, Buffer.from(BODY, 'utf16le'), { 'content-type': 'text/json; charset=utf-16' }),
    expect: rejected,
  },
  {
    name: 'a body in gzip, which we did not ask for, left as it is',
    provoke: () => bytes(400, gzipSync(BODY), { 'content-encoding': 'gzip' }),
    expect: rejected,
  },
  {
    name: 'a gzip bomb as a rejection',
    provoke: () => bytes(400, BOMB, { 'content-encoding': 'gzip' }),
    expect: rejected,
  },
  {
    name: 'a gzip bomb as a success',
    provoke: () => bytes(200, BOMB, { 'content-encoding': 'gzip' }),
    expect: sent,
  },
  {
    name: 'an error body of 10 MB',
    provoke: oversized(400, (response) => response.end(PADDING)),
    expect: rejected,
  },
  { name: 'a success that never ends', provoke: oversized(200, writeForEver), expect: sent },
  { name: 'a rejection that never ends', provoke: oversized(400, writeForEver), expect: rejected },
  {
    name: '102 and then a success',
    provoke: interim('102 Processing'),
    expect: sent,
  },
  {
    name: '103 and then a success',
    provoke: interim('103 Early Hints\r\nlink: </x>; rel=preload', '103 Early Hints'),
    expect: sent,
  },
  {
    name: '100, which we did not ask for, and then a success',
    provoke: interim('100 Continue'),
    // undici takes it as a breach of HTTP and ends the connection.
    expect: { output: 'error', kind: 'network', attempts: 'retried' },
  },
  {
    name: '101, which we did not ask for',
    provoke: interim('101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x'),
    expect: { output: 'error', kind: 'network', attempts: 'retried' },
  },
]

describeFaults('bodies', cases)
