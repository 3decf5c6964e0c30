/**
 * The API server of the bench, forked into a process of its own, so that it costs the runtime
 * nothing. It answers 200 with an empty body to the right request, and 404 to any other.
 * Tells its port when it listens, and ms of CPU that it used whenever it is asked.
 */
import { createServer } from 'node:http'

const [path, authorization] = process.argv.slice(2)

const server = createServer((req, res) => {
  req.resume()
  const right = req.url === path && req.headers.authorization === authorization
  res.writeHead(right ? 200 : 404, { 'content-length': 0 })
  res.end()
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.send?.({ port: typeof address === 'object' ? address?.port : undefined })
})
process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpu: (user + system) / 1000 })
})
process.on('disconnect', () => process.exit())
