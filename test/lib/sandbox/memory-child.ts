/**
 * A sandbox in a process of its own, for memory.test.ts, which forks this with --expose-gc. Tells its
 * address, and answers each message: how many bytes it holds more than at its start.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Sandbox } from '../../../nodes/lib/sandbox/server'
import { PageFiles } from '../../../nodes/sandbox/phone/files'
import { Phone } from '../../../nodes/sandbox/phone/phone'
import { PhoneRouter } from '../../../nodes/sandbox/phone/router'
import { MSISDN } from '../../sandbox/phone-helpers'
import { KEY, SUB } from './helpers'

/** What the parent asks for. */
export type Order = { measure: true } | { write: string; count: number; numbers: number }

/** What it is told. */
export interface Report {
  url?: string
  /** Of the page of a phone. */
  page?: string
  bytes?: number
}

async function main(): Promise<void> {
  const sandbox = await Sandbox.start()
  sandbox.addSubAccount(SUB, KEY)
  const settings = { channel: 'whatsapp', subAccountId: SUB, customerName: 'Ana' } as const
  const phone = new Phone(sandbox, { ...settings, msisdn: MSISDN, webhook: undefined })
  const router = new PhoneRouter(new PageFiles(__dirname))
  router.add('phone', phone)
  const server = createServer(
    (request, response) => void router.handle(request, response, () => {}),
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const start = await held()
  process.on('message', async (order: Order) => {
    if ('write' in order) {
      for (let i = 0; i < order.count; i++) {
        // A text of its own for each, as the page sends it, not one that all share.
        const text = Buffer.from(order.write + i).toString()
        sandbox.receive({ subAccountId: SUB, msisdn: `+65${1e6 + (i % order.numbers)}`, text })
      }
    }
    tell({ bytes: (await held()) - start })
  })
  tell({ url: sandbox.url, page: `http://127.0.0.1:${port}` })
}

/** Bytes on and off the heap that are still in use after a collection. */
async function held(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.()
    await new Promise(setImmediate)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function tell(report: Report): void {
  process.send?.(report)
}

void main()
