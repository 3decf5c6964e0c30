import assert from 'node:assert/strict'
import { MessagingError } from '../../nodes/lib/errors'
import type { NodeAdapter } from '../../nodes/lib/node-red/node-adapter'
import { Output } from '../../nodes/lib/node-red/output'
import { Replies } from '../../nodes/lib/replies/replies'
import { Sessions } from '../../nodes/lib/typing/sessions'
import { Indicator } from '../../nodes/typing-indicator/indicator'
import { IndicatorStatus } from '../../nodes/typing-indicator/indicator-status'
import type { Values } from '../../nodes/typing-indicator/request'
import { closeClients, createClient } from '../support/client'
import { moment, UMID } from '../support/events'
import { startServer } from '../support/server'
import { SOURCES } from '../support/sources'

describe('indicator', () => {
  afterEach(closeClients)

  const node: NodeAdapter = {
    id: 'typing',
    type: '8x8-typing-indicator',
    status() {},
    send() {},
    report() {},
    warn() {},
    isWired: () => true,
    handlesErrors: () => false,
  }

  const values = { umid: UMID, channel: 'whatsapp' }

  /** One whose account lives on when it closes, and how its messages ended. */
  async function open(read: () => Values | Promise<Values>, answer?: () => void) {
    const server = await startServer((response) => (answer ? answer() : response.end()))
    const client = createClient(server.url)
    const sessions = new Sessions(client)
    const replies = new Replies(client, sessions, { timeout: 5000, maxWaiting: 10_000 })
    const connection = { client, sessions, replies, subAccountId: 'my_sub' }
    const status = new IndicatorStatus(String)
    const indicator = new Indicator({
      id: 'typing',
      connect: () => connection,
      action: 'send',
      timing: { initialDelay: 0, maxDuration: 1000, renewEvery: () => 1000 },
      properties: {
        read() {
          const values = read()
          return values instanceof Promise ? values.then((values) => ({ values })) : { values }
        },
        sources: SOURCES,
      },
      passUnsupported: false,
      clone: structuredClone,
      isWired: node.isWired,
      output: new Output(node, { property: 'typing', toStatus: (s) => status.toStatus(s) }),
      status,
      warn() {},
    })
    const ends: unknown[] = []
    const accept = () =>
      indicator.accept({
        msg: {},
        send() {},
        done: (error) => ends.push(error instanceof MessagingError ? error.cause.kind : error),
      })
    return { indicator, server, accept, ends }
  }

  it('closes only when every message has its output', async () => {
    const arrival = moment()
    const { indicator, accept, ends } = await open(() => values, arrival.come)
    for (let i = 0; i < 10; i++) accept()
    await arrival.came
    await indicator.close()
    assert.deepEqual(ends, Array(10).fill('closed'))
  })

  it('sends nothing for a message whose properties are read just as it closes', async () => {
    const read = moment<typeof values>()
    const { indicator, server, accept, ends } = await open(() => read.came)
    accept()
    read.come(values)
    await Promise.resolve() // the properties are read, but nobody has looked at them yet
    await indicator.close()
    assert.deepEqual(ends, ['closed'])
    assert.equal(server.received.length, 0)
  })
})
