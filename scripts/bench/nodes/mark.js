/** Appends to the payload when a message left for the next node, in ns of the machine's clock. */

/** @param {import('node-red').NodeAPI} RED */
module.exports = (RED) => {
  /** @this {import('node-red').Node} @param {import('node-red').NodeDef} config */
  function Mark(config) {
    RED.nodes.createNode(this, config)
    this.on('input', (msg, send, done) => {
      msg.payload = `${msg.payload} ${process.hrtime.bigint()}`
      send(msg)
      done()
    })
  }
  RED.nodes.registerType('bench-mark', Mark)
}
