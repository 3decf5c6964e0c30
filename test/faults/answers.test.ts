import type http from 'node:http'
import { CODES } from '../../nodes/lib/api'
import type { Kind } from '../../nodes/lib/errors'
import { startServer } from '../support/server'
import { describeFaults, type Expected, type FaultCase } from './matrix'
import { answering, echo } from './scenes'

/** What an error of this kind is like when every answer is the same. @param final no repeat helps */
const failing = (
  kind: Kind,
  statusCode: number,
  code?: number,
  final = kind !== 'server' && kind !== 'rate-limited',
): Expected => {
  const attempts = final ? 1 : 'retried'
  return { output: 'error', kind, statusCode, attempts, ...(code !== undefined && { code }) }
}

const statuses: [statusCode: number, kind: Kind | undefined, final?: boolean][] = [
  [200, undefined],
  [201, undefined],
  [202, undefined],
  [204, undefined],
  [300, 'rejected'],
  [304, 'rejected'],
  [400, 'rejected'],
  [401, 'authentication'],
  [403, 'forbidden'],
  [404, 'rejected'],
  [408, 'rejected', false],
  [409, 'rejected'],
  [410, 'rejected'],
  [421, 'rejected', false],
  [422, 'rejected'],
  [425, 'rejected', false],
  [426, 'rejected'],
  [429, 'rate-limited'],
  [500, 'server'],
  [501, 'server', true],
  [502, 'server'],
  [503, 'server'],
  [504, 'server'],
  [505, 'server', true],
  [511, 'server', true],
  [520, 'server'],
  [599, 'server'],
]

/** Each code that 8x8 names, with the statuses that it documents or, without one, 400. */
const codes: [code: number, statusCode: number, kind: Kind, final?: boolean][] = [
  [CODES.invalidParameter, 400, 'rejected'],
  [CODES.illegalSubAccount, 400, 'forbidden'],
  [CODES.illegalSubAccount, 401, 'forbidden'],
  [CODES.illegalSubAccount, 500, 'forbidden'],
  [1002, 400, 'rejected'],
  [CODES.invalidId, 400, 'rejected'],
  [1010, 400, 'rejected'],
  [CODES.invalidIpAddress, 403, 'forbidden'],
  [1014, 426, 'rejected'],
  [CODES.unauthorized, 401, 'authentication'],
  [CODES.unauthorized, 400, 'authentication'],
  [CODES.forbidden, 403, 'forbidden'],
  [CODES.forbidden, 400, 'forbidden'],
  [CODES.notFound, 404, 'rejected'],
  [1400, 400, 'rejected'],
  [CODES.internalError, 500, 'server'],
  [CODES.invalidParameter, 503, 'server', true],
  [2001, 500, 'server', true],
  [2002, 500, 'server', true],
  [2003, 500, 'server', true],
  [2002, 400, 'rejected'],
  [2003, 400, 'rejected'],
  [3022, 400, 'rejected'],
  [3029, 400, 'rejected'],
]

/** A 429 with a Retry-After header, and then a success. */
const limitedOnce = (retryAfter: string | (() => string) | undefined) => async () => {
  const server = await startServer((response, request, incoming) => {
    if (server.received.length > 1) {
      response.end()
      return
    }
    const value = typeof retryAfter === 'function' ? retryAfter() : retryAfter
    const headers: http.OutgoingHttpHeaders = value === undefined ? {} : { 'retry-after': value }
    echo(429, {}, headers)(response, request, incoming)
  })
  return { url: server.url, requests: () => server.received.length }
}

const inSeconds = (seconds: number) => () => new Date(Date.now() + seconds * 1000).toUTCString()
const again = { output: 'success', statusCode: 200, attempts: 2 } as const
const tooLong = { ...failing('rate-limited', 429), attempts: 1 }

/** Redirects to a server that nobody may follow to. */
const redirecting = (statusCode: number, elsewhere: boolean) => async () => {
  const target = await startServer((response) => response.end())
  const { url, received } = await startServer((response, request, incoming) => {
    const location = `${elsewhere ? target.url : ''}/${request.headers.authorization}`
    echo(statusCode, {}, { location })(response, request, incoming)
  })
  const requests = () => received.length + target.received.length
  return { url, requests }
}

const cases: FaultCase[] = [
  ...statuses.map(([statusCode, kind, final]): FaultCase => {
    const expect: Expected = kind
      ? failing(kind, statusCode, undefined, final)
      : { output: 'success', statusCode, attempts: 1 }
    return { name: `${statusCode}`, provoke: () => answering(echo(statusCode)), expect }
  }),
  ...codes.map(
    ([code, statusCode, kind, final]): FaultCase => ({
      name: `${statusCode} with code ${code}`,
      provoke: () => answering(echo(statusCode, { code })),
      expect: failing(kind, statusCode, code, final),
    }),
  ),
  ...[301, 302, 303, 307, 308].flatMap((statusCode) =>
    [false, true].map(
      (elsewhere): FaultCase => ({
        name: `${statusCode} to ${elsewhere ? 'another' : 'the same'} host`,
        provoke: redirecting(statusCode, elsewhere),
        expect: failing('rejected', statusCode),
      }),
    ),
  ),
  {
    name: 'Retry-After in seconds',
    provoke: limitedOnce('1'),
    expect: { ...again, atLeast: 990 },
  },
  {
    name: 'Retry-After as a date',
    // A date has whole seconds: 3 s ahead is 2 to 3 s.
    provoke: limitedOnce(inSeconds(3)),
    expect: { ...again, atLeast: 1900 },
  },
  { name: 'Retry-After of zero', provoke: limitedOnce('0'), expect: again },
  { name: 'Retry-After in the past', provoke: limitedOnce(inSeconds(-60)), expect: again },
  {
    name: 'Retry-After with decimals',
    provoke: limitedOnce('1.5'),
    expect: { ...again, atLeast: 1490 },
  },
  {
    name: 'a server that ends an idle connection with 408',
    provoke: async () => {
      const server = await startServer((response) => {
        const headers = { connection: 'close' }
        response.writeHead(server.received.length === 2 ? 408 : 200, headers).end()
      })
      return { url: server.url, requests: () => server.received.length }
    },
    messages: 2,
    expect: { ...again, requests: 3 },
  },
  { name: 'no Retry-After', provoke: limitedOnce(undefined), expect: again },
  { name: 'Retry-After that is empty', provoke: limitedOnce(''), expect: again },
  { name: 'Retry-After that is garbage', provoke: limitedOnce('soon'), expect: again },
  { name: 'Retry-After below zero', provoke: limitedOnce('-5'), expect: again },
  { name: 'Retry-After after the deadline', provoke: limitedOnce('60'), expect: tooLong },
  { name: 'Retry-After as a late date', provoke: limitedOnce(inSeconds(3600)), expect: tooLong },
  { name: 'Retry-After that is absurd', provoke: limitedOnce('9'.repeat(400)), expect: tooLong },
]

describeFaults('answers', cases)
