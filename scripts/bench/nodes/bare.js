/** The limit: what a node costs that only calls undici. It checks nothing and retries nothing. */
const { request } = require('undici')

/** @param {import('node-red').NodeAPI} RED */
module.exports = (RED) => {
  /** @this {import('node-red').Node} @param {import('node-red').NodeDef & { url: string, key: string, reply: boolean }} config */
  function Bare(config) {
    RED.nodes.createNode(this, config)
    const headers = { authorization: `Bearer ${config.key}`, 'content-type': 'application/json' }
    this.on('input', async (/** @type {Record<string, any>} */ msg, send, done) => {
      try {
        const body = config.reply
          ? { user: { msisdn: msg.user.msisdn }, type: 'text', content: { text: msg.payload } }
          : { channel: msg.channel, type: 'typing', umid: msg.umid }
        const options = { headers, body: JSON.stringify(body) }
        const answer = await request(config.url, { method: 'POST', ...options })
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
