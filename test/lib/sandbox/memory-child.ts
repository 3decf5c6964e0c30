/**
 * A sandbox in a process of its own, for memory.test.ts, which forks this with --expose-gc. Tells its
 * address, and answers each message: how many bytes it holds more than at its start.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PageFiles } from '../../../nodes/account/phone/files'
import { Phone } from '../../../nodes/account/phone/phone'
import { PhoneRouter } from '../../../nodes/account/phone/router'
import { contentOf } from '../../../nodes/lib/sandbox/choice'
import { Sandbox } from '../../../nodes/lib/sandbox/server'
import { KEY, SUB } from './helpers'

/** What the parent asks for; with `press`, what is written is the title and id of a button. */
export type Order =
  | { measure: true }
  | { write: string; count: number; numbers: number; press?: boolean }

/** What it is told. */
export interface Report {
  url?: string
  /** Of the page of a phone. */
  page?: string
  bytes?: number
  /** So far. */
  receipts?: number
}

async function main(): Promise<void> {
  const sandbox = await Sandbox.start()
  sandbox.addSubAccount(SUB, KEY)
  const phone = new Phone(sandbox)
  const inbound = { label: '/8x8/inbound', receive: () => ({ outcome: 'accepted' }) as const }
  phone.join({ id: 'inbound', account: '', subAccountId: SUB, inbound })
  const router = new PhoneRouter(new PageFiles(__dirname))
  router.add('phone', phone)
  const server = createServer((...request) => void router.handle(...request, () => {}))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  let receipts = 0
  sandbox.on('receipt', () => receipts++)
  const start = await held()
  process.on('message', async (order: Order) => {
    if ('write' in order) {
      for (let i = 0; i < order.count; i++) {
        // A text of its own for each, as the page sends it, not one that all share.
        const text = Buffer.from(order.write + i).toString()
        const msisdn = `+65${1e6 + (i % order.numbers)}`
        if (!order.press) {
          sandbox.receive({ subAccountId: SUB, msisdn, text })
          continue
        }
        const content = contentOf({ kind: 'button', id: text, title: text })
        const { umid } = sandbox.reply({ subAccountId: SUB, channel: 'whatsapp', msisdn }, text)
        const pressed = { text, type: 'Interactive', content, replyToUmid: umid }
        sandbox.receive({ subAccountId: SUB, msisdn, ...pressed })
      }
    }
    tell({ bytes: (await held()) - start, receipts })
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
