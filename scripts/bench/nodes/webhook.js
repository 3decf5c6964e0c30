/** The limit: what a node costs that only takes a webhook. It checks nothing. */

/** @param {import('node-red').NodeAPI} RED */
module.exports = (RED) => {
  /** @this {import('node-red').Node} @param {import('node-red').NodeDef & { path: string }} config */
  function Webhook(config) {
    RED.nodes.createNode(this, config)
    RED.httpNode.post(config.path, (req, res) => {
      res.writeHead(200, { 'content-length': 0 }).end()
      // Node-RED's admin API, which has the same root by default, has parsed the body.
      const { umid, user, recipient, content } = req.body.payload
      const msg = { umid, user, channel: recipient.channel, payload: content.text }
      this.send(msg)
    })
  }
  RED.nodes.registerType('bench-webhook', Webhook)
}
