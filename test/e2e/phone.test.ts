import assert from 'node:assert/strict'
import { phoneUrlOf, QUICK_START } from '../../scripts/demo'
import { readExample } from '../../scripts/example'
import { type NodeRed, runFlows } from '../../scripts/node-red'
import { PhoneClient } from '../../scripts/phone'
import { hashPassword } from './password'

/** Example 1 as built, in a real Node-RED with httpNodeAuth and short-lived indicators. */
describe('the phone of example 1, behind httpNodeAuth', function () {
  this.timeout(60_000)
  const authorization = `Basic ${Buffer.from('ana:secret').toString('base64')}`
  let nodeRed: NodeRed
  let url: string

  before(async () => {
    const flows = await readExample(QUICK_START)
    const slow = flows.find(({ type }) => type === 'delay')
    Object.assign(slow ?? {}, { timeout: '1' })
    nodeRed = await runFlows({ flows, credentials: {} }, 22_880, {
      settings: { httpNodeAuth: { user: 'ana', pass: hashPassword('secret') } },
      env: { SANDBOX_8X8_LIFETIME_MS: '200' },
    })
    url = phoneUrlOf({ flows, credentials: {} }, nodeRed.url)
  })

  after(() => nodeRed?.stop())

  it('asks for the password before anything else', async () => {
    for (const path of ['', 'events', 'page.js', 'messages']) {
      const response = await fetch(url + path, { method: path === 'messages' ? 'POST' : 'GET' })
      assert.equal(response.status, 401, path)
    }
  })

  it('shows the dots, sees them expire, and the reply', async () => {
    const phone = await PhoneClient.open(url, { authorization })
    try {
      assert.equal((await phone.post('messages', { customer: 'ana', text: 'Hello' })).status, 202)
      const typing = await phone.until(({ typingUntil }) => typingUntil !== undefined)
      assert.ok((typing.typingUntil ?? 0) <= typing.now + 200)
      const expired = await phone.until((it) => it.now > typing.now && !it.typingUntil)
      assert.equal(expired.messages.length, 1, 'it was the reply that took the dots down')
      const { messages } = await phone.until((state) => state.messages.length === 2)
      assert.deepEqual(
        messages.map(({ from }) => from),
        ['customer', 'business'],
      )
    } finally {
      await phone.close()
    }
  })
})
