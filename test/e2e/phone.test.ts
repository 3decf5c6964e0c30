import assert from 'node:assert/strict'
import { join } from 'node:path'
import { readExample } from '../../scripts/example'
import {
  findPort,
  linkPackage,
  makeUserDir,
  type NodeRed,
  removeUserDir,
  startNodeRed,
  writeFlows,
} from '../../scripts/node-red'
import { PhoneClient } from '../../scripts/phone'
import { hashPassword } from '../support/password'

/** Example 1 as built, in a real Node-RED with httpNodeAuth and short-lived indicators. */
describe('the phone of example 1, behind httpNodeAuth', function () {
  this.timeout(60_000)
  const authorization = `Basic ${Buffer.from('ana:secret').toString('base64')}`
  let userDir: string
  let nodeRed: NodeRed
  let url: string

  before(async () => {
    userDir = await makeUserDir({
      httpNodeAuth: { user: 'ana', pass: hashPassword('secret') },
    })
    await linkPackage(userDir, join(__dirname, '..', '..'))
    const flows = await readExample('1 Quick start in the sandbox')
    const slow = flows.find(({ type }) => type === 'delay')
    Object.assign(slow ?? {}, { timeout: '1' })
    await writeFlows(userDir, { flows, credentials: {} })
    const short = { SANDBOX_8X8_LIFETIME_MS: '200' }
    nodeRed = await startNodeRed(userDir, await findPort(22_880), short)
    const id = flows.find(({ type }) => type === '8x8-sandbox')?.id
    url = `${nodeRed.url}/8x8-sandbox/${id}/`
  })

  after(async () => {
    await nodeRed?.stop()
    await removeUserDir(userDir)
  })

  it('asks for the password before anything else', async () => {
    for (const path of ['', 'events', 'page.js', 'messages']) {
      const response = await fetch(url + path, { method: path === 'messages' ? 'POST' : 'GET' })
      assert.equal(response.status, 401, path)
    }
  })

  it('shows the dots, sees them expire, and the reply', async () => {
    const phone = await PhoneClient.open(url, { authorization })
    try {
      assert.equal((await phone.post('messages', { text: 'Hello' })).status, 202)
      const typing = await phone.until(({ typingUntil }) => typingUntil !== undefined)
      assert.ok((typing.typingUntil ?? 0) <= typing.now + 200)
      await phone.until(({ now, typingUntil }) => now > typing.now && typingUntil === undefined)
      const { messages } = await phone.until((state) => state.messages.length === 2)
      assert.deepEqual(
        messages.map(({ from }) => from),
        ['customer', 'brand'],
      )
    } finally {
      await phone.close()
    }
  })
})
