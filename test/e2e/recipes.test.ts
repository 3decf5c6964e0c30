import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ACCOUNT_DEFAULTS } from '../../nodes/account/options'
import { messagesBody } from '../../nodes/lib/sandbox/messages-body'
import type { Deployable, FlowNode } from '../../scripts/example'
import { ROOT } from '../../scripts/node-red'
import { CANARY } from '../support/events'
import { AUTHORIZATION, endFlowFile, runFlowFile } from '../support/flow-file'
import { closeServers, startServer } from '../support/server'
import { inboundWebhook } from '../support/webhooks'

const RECIPES = readFileSync(join(ROOT, 'docs', 'recipes.md'), 'utf8')

/** The code blocks of a recipe. */
function blocksOf(recipe: string, language: string): string[] {
  const [, section = ''] = RECIPES.split(`## ${recipe}\n`)
  const blocks = section.split('\n## ')[0]?.matchAll(/```(\w+)\n(.*?)```/gs) ?? []
  return [...blocks].filter(([, name]) => name === language).map(([, , code = '']) => code)
}

/** What code of a function node may use. */
interface Scope {
  msg: object
  /** The flow context. */
  flow?: Map<string, unknown>
  node?: object
}

/** Runs the code of a function node. @returns what it returns */
function runFunction(code: string, { msg, flow, node }: Scope): unknown {
  return new Function('msg', 'flow', 'node', code)(msg, flow, node)
}

describe('docs/recipes.md', () => {
  for (const [channel, type] of [
    ['whatsapp', 'interactive'],
    ['rcs', 'text'],
  ] as const) {
    it(`offers choices on ${channel} in the form that 8x8 documents`, () => {
      const [code = ''] = blocksOf('Several channels', 'js')
      const { payload } = runFunction(code, { msg: { channel } }) as { payload: object }
      const body = messagesBody.parse({ user: { msisdn: '+6500000000' }, ...payload })
      assert.equal(body.type, type)
      const titles = [...JSON.stringify(body).matchAll(/"(?:title|text)":"([^"]{1,20})"/g)]
      assert.deepEqual(
        titles.map(([, title]) => title),
        ['Talk to a person', 'No, thank you'],
      )
    })
  }

  it('asks in words on SMS', () => {
    const [code = ''] = blocksOf('Several channels', 'js')
    const { payload } = runFunction(code, { msg: { channel: 'sms' } }) as { payload: string }
    assert.match(payload, /Write “person”/)
  })

  it('keeps the question of a customer without a number for an answer from elsewhere', () => {
    const [keep = '', answer = ''] = blocksOf('Customers without a phone number', 'js')
    const flow = new Map<string, unknown>()
    const warnings: string[] = []
    const node = { warn: (text: string) => warnings.push(text) }
    const conversation = 'US.13491208655302741918'
    const question = {
      umid: 'cf3cbbf5-3e2d-ea11-815d-020897df5459',
      channel: 'whatsapp',
      subAccountId: 'my_sub',
      receivedAt: '2026-06-09T10:13:20.00Z',
      user: { channelUserId: conversation, username: 'chi' },
      conversation,
    }
    runFunction(keep, { msg: { ...question, payload: 'Hello' }, flow })
    const reply = { conversation, payload: 'Hello, too' }
    assert.deepEqual(runFunction(answer, { msg: reply, flow, node }), { ...question, ...reply })
    const unknown = { conversation: '+6599999999' }
    assert.equal(runFunction(answer, { msg: unknown, flow, node }), null)
    assert.deepEqual(warnings, ['No question of +6599999999'])
  })

  it('has settings that Node-RED has', () => {
    const [code = ''] = blocksOf('Behind a proxy', 'js')
    const module = { exports: {} }
    new Function('module', code)(module)
    const known = readFileSync(require.resolve('node-red/settings.js'), 'utf8')
    const names = Object.keys(module.exports)
    assert.ok(names.length > 0)
    for (const name of names) assert.ok(known.includes(`//${name}:`), name)
  })

  it('copies what npm pack makes into the Docker image', () => {
    const { name } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const packed = `${name.slice(1).replace('/', '-')}-*.tgz`
    const [dockerfile = ''] = blocksOf('Docker', 'dockerfile')
    assert.ok(dockerfile.includes(`\nCOPY ${packed} /tmp/\n`))
  })

  describe('credentials from the environment', () => {
    const [flow = '[]', credentials = '{}'] = blocksOf('Credentials from the environment', 'json')
    const [account, ...more] = JSON.parse(flow) as [FlowNode, ...FlowNode[]]
    const variables = {
      EIGHT_SUB_ACCOUNT: 'env_sub',
      EIGHT_API_KEY: CANARY,
      EIGHT_WEBHOOK_AUTHORIZATION: AUTHORIZATION,
    }

    before(() => Object.assign(process.env, variables))

    after(async () => {
      for (const name of Object.keys(variables)) delete process.env[name]
      await endFlowFile()
      await closeServers()
    })

    it('has all properties of an account, and no others', () => {
      const { id, type, ...properties } = account
      assert.deepEqual(more, [])
      assert.equal(type, '8x8-account')
      assert.deepEqual(Object.keys(properties).sort(), Object.keys(ACCOUNT_DEFAULTS).sort(), id)
    })

    it('receives a webhook and sends an indicator with them', async () => {
      const eight = await startServer((response) => response.end())
      const common = { z: 'tab', account: account.id }
      const nodes = [
        { id: 'tab', type: 'tab', label: 'test' },
        account,
        { ...common, id: 'inbound', type: '8x8-inbound', wires: [['typing'], []] },
        { ...common, id: 'typing', type: '8x8-typing-indicator', wires: [['sent'], []] },
        { ...common, id: 'sent', type: 'helper' },
      ]
      const running = await runFlowFile(
        nodes,
        eight.url,
        JSON.parse(credentials) as Deployable['credentials'],
      )
      const webhook = inboundWebhook({ without: ['subAccountId'] })
      assert.equal(await running.post('/8x8/inbound', webhook), 200)
      await running.received('sent', 1)
      const [request] = eight.received
      assert.equal(request?.path, '/api/v1/subaccounts/env_sub/events')
      assert.equal(request?.headers.authorization, `Bearer ${CANARY}`)
    })
  })
})
