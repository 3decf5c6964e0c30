/**
 * A process of its own that loads the libraries (`libraries`), or the nodes of a flow with a live
 * account (`flow`), and says what that took: CPU in ms, memory in MB.
 */
const { EventEmitter } = require('node:events')
const { join } = require('node:path')

const [, , what, root = ''] = process.argv
const cpu = process.cpuUsage()
const rss = process.memoryUsage.rss()
if (what === 'libraries') {
  require(require.resolve('undici', { paths: [root] }))
  require(require.resolve('zod', { paths: [root] }))
} else {
  deploy()
}
const { user, system } = process.cpuUsage(cpu)
const taken = process.memoryUsage.rss() - rss
console.log(JSON.stringify({ cpu: (user + system) / 1000, rss: taken / 2 ** 20 }))
process.exit()

/** All that our nodes ask of Node-RED before their first message. */
function deploy() {
  /** @type {Map<string, (this: object, config: object) => void>} */
  const types = new Map()
  /** @type {Map<string, object>} */
  const nodes = new Map()
  const RED = {
    settings: {},
    events: new EventEmitter(),
    auth: { needsPermission() {} },
    httpAdmin: { post() {} },
    httpNode: { all() {}, _router: { stack: [] } },
    util: {},
    nodes: {
      /** @param {object} node @param {{ id: string }} config */
      createNode(node, config) {
        Object.assign(node, config, { credentials: { apiKey: 'key', webhookAuthorization: 'x' } })
        Object.assign(node, { on() {}, status() {}, warn: console.error, error: console.error })
        nodes.set(config.id, node)
      },
      /** @param {string} id */
      getNode: (id) => nodes.get(id) ?? null,
      /** @param {string} type @param {(this: object, config: object) => void} create */
      registerType: (type, create) => void types.set(type, create),
    },
  }
  const manifest = require(join(root, 'package.json'))
  for (const file of Object.values(manifest['node-red'].nodes)) {
    require(join(root, file)).default(RED)
  }
  for (const config of [
    { type: '8x8-account', id: 'account', subAccountId: 'my_sub', region: 'europe' },
    { type: '8x8-inbound', id: 'inbound', account: 'account', wires: [[], []] },
    { type: '8x8-typing-indicator', id: 'typing', account: 'account', wires: [[], []] },
    { type: '8x8-reply', id: 'reply', account: 'account', wires: [[], []] },
  ]) {
    types.get(config.type)?.call({}, config)
  }
  RED.events.emit('flows:started')
}
