// @ts-nocheck: it runs in the page of the editor, whose RED has no types here
/**
 * In the editor of `npm run dev`: loads the page again when Node-RED has restarted, unless that would
 * lose what was not deployed.
 */
;(() => {
  let restarted = false
  RED.comms.on('connect', () => {
    if (restarted && !RED.nodes.dirty()) location.reload()
    else if (restarted) RED.notify('The nodes were built again. Deploy, then reload this page.')
    restarted = true
  })
})()
