import assert from 'node:assert/strict'
import type { NodeDef, NodeInitializer } from 'node-red'
import helper from 'node-red-node-test-helper'
import account from '../../../nodes/account/account'
import typingIndicator from '../../../nodes/typing-indicator/typing-indicator'
import { type FlowOptions, loadFlow, type Output, unloadFlow } from '../../support/flow'
import { CATCH } from '../../support/typing'

const TYPES: NodeInitializer[] = ['05-junction', '60-link'].map((file) =>
  require(`@node-red/nodes/core/common/${file}`),
)

/** What output 2 is wired to, by way of nodes that only hand on, and where the failure comes out. */
const cases: [
  what: string,
  wires: string[],
  more: FlowOptions['more'],
  port: 'error' | 'caught',
][] = [
  ['a junction before a node', ['j'], [{ id: 'j', type: 'junction', wires: [['error']] }], 'error'],
  ['a junction before nothing', ['j'], [{ id: 'j', type: 'junction', wires: [[]] }], 'caught'],
  [
    'a junction before a disabled node',
    ['j'],
    [
      { id: 'j', type: 'junction', wires: [['off']] },
      { id: 'off', type: 'helper', d: true },
    ],
    'caught',
  ],
  [
    'junctions in a row before a node',
    ['j'],
    [
      { id: 'j', type: 'junction', wires: [['k']] },
      { id: 'k', type: 'junction', wires: [['error']] },
    ],
    'error',
  ],
  [
    'junctions in a circle',
    ['j'],
    [
      { id: 'j', type: 'junction', wires: [['k']] },
      { id: 'k', type: 'junction', wires: [['j']] },
    ],
    'caught',
  ],
  [
    'a junction before nothing and a node',
    ['j', 'error'],
    [{ id: 'j', type: 'junction', wires: [[]] }],
    'error',
  ],
  [
    'a disabled junction before a node',
    ['j'],
    [{ id: 'j', type: 'junction', d: true, wires: [['error']] }],
    'caught',
  ],
  [
    'a link to a node',
    ['out'],
    [
      { id: 'out', type: 'link out', links: ['in'] },
      { id: 'in', type: 'link in', links: ['out'], wires: [['error']] },
    ],
    'error',
  ],
  ['a link to nothing', ['out'], [{ id: 'out', type: 'link out', links: [] }], 'caught'],
  [
    'a link to a link that leads to nothing',
    ['out'],
    [
      { id: 'out', type: 'link out', links: ['in'] },
      { id: 'in', type: 'link in', links: ['out'] },
    ],
    'caught',
  ],
  [
    'a link to a disabled link',
    ['out'],
    [
      { id: 'out', type: 'link out', links: ['in'] },
      { id: 'in', type: 'link in', links: ['out'], d: true, wires: [['error']] },
    ],
    'caught',
  ],
]

describe('8x8-typing-indicator, failing, with output 2 wired to', () => {
  afterEach(unloadFlow)

  const failing = { account: '' }

  for (const [what, wires, more = [], port] of cases) {
    it(`${what}: goes to ${port === 'error' ? 'that node' : 'Catch nodes'}`, async () => {
      const flow = await loadFlow({
        types: TYPES,
        node: { ...failing, wires: [['success'], wires] },
        more: [...CATCH, ...more],
      })
      const out = await flow.send({})
      assert.equal(out.port, port)
      assert.equal(flow.outputs.length, 1)
    })
  }

  it('a link on a disabled tab: goes to Catch nodes', async () => {
    const tab = { id: 'elsewhere', type: 'tab', disabled: true }
    const flow = await loadFlow({
      types: TYPES,
      configs: [tab],
      node: { ...failing, wires: [['success'], ['out']] },
      more: [
        ...CATCH,
        { id: 'out', type: 'link out', links: ['in'] },
        { id: 'in', type: 'link in', z: 'elsewhere', wires: [['behind']] },
        { id: 'behind', type: 'helper', z: 'elsewhere' },
      ],
    })
    assert.equal((await flow.send({})).port, 'caught')
  })

  it('a link that returns to its caller: goes back there', async () => {
    const flow = await loadFlow({
      types: TYPES,
      node: { ...failing, wires: [[], ['back']] },
      more: [
        ...CATCH,
        { id: 'back', type: 'link out', mode: 'return', links: [] },
        { id: 'in', type: 'link in', wires: [['typing']] },
        { id: 'call', type: 'link call', links: ['in'], wires: [['error']] },
      ],
    })
    const returned = flow.next('error')
    helper.getNode('call').receive({ topic: 'mine' } as Output)
    const msg = await returned
    assert.equal(msg.topic, 'mine')
    assert.equal(msg.error?.kind, 'not-configured')
    assert.deepEqual(
      flow.outputs.map(({ port }) => port),
      ['error'],
    )
  })

  it('a junction that a deploy wires meanwhile: sees it', async () => {
    const more = (wires: string[]) => [...CATCH, { id: 'j', type: 'junction', wires: [wires] }]
    const node = { ...failing, wires: [['success'], ['j']] }
    const flow = await loadFlow({ types: TYPES, node, more: more([]) })
    assert.equal((await flow.send({})).port, 'caught')
    await flow.deploy({ node, more: more(['error']) }, 'nodes')
    assert.equal((await flow.send({})).port, 'error')
    await flow.deploy({ node, more: more([]) }, 'nodes')
    assert.equal((await flow.send({})).port, 'caught')
  })

  describe('a subflow', () => {
    const at = (z: string, id: string, type: string, more: object = {}) => ({
      ...{ id, type, z, x: 0, y: 0, wires: [] },
      ...more,
    })

    /** @param inside the first node in it @param out whether its input leads to its output as well */
    const load = (inside: string[], out: boolean, after: string[]) => {
      const wiresOf = (ids: string[]) => ids.map((id) => ({ id }))
      const port = { wires: out ? [{ id: 'subflow', port: 0 }] : [] }
      return helper.load([account, typingIndicator, ...TYPES], [
        { id: 'tab', type: 'tab' },
        { id: 'subflow', type: 'subflow', in: [{ wires: wiresOf(inside) }], out: [port] },
        at('subflow', 'inner', 'helper'),
        at('tab', 'typing', '8x8-typing-indicator', { wires: [[], ['instance']] }),
        at('tab', 'instance', 'subflow:subflow', { wires: [after] }),
        at('tab', 'after', 'helper'),
        at('tab', 'catches', 'catch', { wires: [['caught']] }),
        at('tab', 'caught', 'helper'),
      ] as unknown as NodeDef[])
    }

    const arrival = (...ids: string[]) =>
      Promise.race(
        ids.map(
          (id) =>
            new Promise<string>((resolve) => helper.getNode(id).on('input', () => resolve(id))),
        ),
      )

    for (const [what, inside, out, after, port] of [
      ['with a node in it', ['inner'], false, [], 'instance-inner'],
      ['with nothing in it', [], false, ['after'], 'caught'],
      ['that hands on to a node', [], true, ['after'], 'after'],
      ['that hands on to nothing', [], true, [], 'caught'],
    ] as const) {
      it(`${what}: goes to ${port}`, async () => {
        await load([...inside], out, [...after])
        const ids = ['after', 'caught', ...(inside.length > 0 ? ['instance-inner'] : [])]
        const arrived = arrival(...ids)
        helper.getNode('typing').receive({} as Output)
        assert.equal(await arrived, port)
      })
    }
  })
})
