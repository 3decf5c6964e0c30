import type { ServerResponse } from 'node:http'
import { type Answer, startServer, type TestServer } from '../support/server'
import { refuse } from '../support/typing'

/** What the API does with a request. */
export type Behaviour = 'accept' | 'limit' | 'fail' | 'reset' | 'silence' | 'slow' | 'cut'

/** A request to the API, in the order in which the requests were received in full. */
export interface RecordedRequest {
  resource: 'events' | 'messages'
  /** The message that the dots are for, or that the reply answers. */
  umid: string
  behaviour: Behaviour
  /** Of a reply. */
  user?: { msisdn?: string; channelUserId?: string; lineUserId?: string }
}

/** Of so many requests one gets 429. It is rare: each stops all requests of the account for 1 s. */
const LIMIT_EVERY = { events: 1000, messages: 500 }

/** ms of the slowest answer. */
const SLOWEST = 800

const fail = refuse(500, { code: 2000, message: 'Internal server error' })
const limit = refuse(429, '', { 'retry-after': '1' })

/** An 8x8 of its own that answers each request at random, and records what it received. */
export interface Recorder extends TestServer {
  requests: readonly RecordedRequest[]
}

/**
 * Starts the API. A reply must have the umid that it answers as its text.
 * @param random from 0 to 1
 */
export async function startRecorder(random: () => number): Promise<Recorder> {
  const requests: RecordedRequest[] = []
  const counts = { events: 0, messages: 0 }
  const answer: Answer = (response, { path, body }) => {
    const resource = path.endsWith('/messages') ? 'messages' : 'events'
    const { umid, content, user } = JSON.parse(body)
    const nth = ++counts[resource]
    const behaviour = nth % LIMIT_EVERY[resource] === 0 ? 'limit' : choose(random())
    requests.push({ resource, umid: umid ?? content.text, behaviour, user })
    const accepted = resource === 'events' ? '' : acceptance(requests.length, user)
    behave(response, behaviour, accepted, random() * SLOWEST)
  }
  const server = await startServer(answer)
  return { ...server, requests }
}

function choose(number: number): Behaviour {
  if (number < 0.04) return 'fail'
  if (number < 0.07) return 'reset'
  if (number < 0.1) return 'silence'
  if (number < 0.13) return 'cut'
  return number < 0.3 ? 'slow' : 'accept'
}

function behave(response: ServerResponse, behaviour: Behaviour, accepted: string, ms: number) {
  switch (behaviour) {
    case 'limit':
      limit(response)
      break
    case 'fail':
      fail(response)
      break
    case 'reset':
      response.socket?.resetAndDestroy()
      break
    case 'cut':
      // The status arrives, the body does not.
      response.writeHead(200, { 'content-length': 100 })
      response.write('{', () => response.socket?.destroy())
      break
    case 'slow':
      setTimeout(() => response.end(accepted), ms)
      break
    case 'accept':
      response.end(accepted)
  }
}

/** What 8x8 answers to a reply. */
function acceptance(nth: number, user: object): string {
  const umid = `00000000-0000-4000-9000-${nth.toString(16).padStart(12, '0')}`
  const timestamp = new Date().toISOString()
  return JSON.stringify({ umid, user, status: { state: 'queued', timestamp } })
}
