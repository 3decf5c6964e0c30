/** The limit: what a node costs that only calls undici. It checks nothing and retries nothing. */
const { request } = require('undici')

/** @param {import('node-red').NodeAPI} RED */
module.exports = (RED) => {
  /** @this {import('node-red').Node} @param {import('node-red').NodeDef & { url: string, key: string }} config */
  function Bare(config) {
    RED.nodes.createNode(this, config)
    const headers = { authorization: `Bearer ${config.key}`, 'content-type': 'application/json' }
    this.on('input', async (/** @type {Record<string, unknown>} */ msg, send, done) => {
      try {
        const body = JSON.stringify({ channel: msg.channel, type: 'typing', umid: msg.umid })
        const answer = await request(config.url, { method: 'POST', headers, body })
        await answer.body.dump()
        msg.statusCode = answer.statusCode
        send(msg)
        done()
      } catch (error) {
        done(/** @type {Error} */ (error))
      }
    })
  }
  RED.nodes.registerType('bench-bare', Bare)
}
