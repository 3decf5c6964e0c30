import assert from 'node:assert/strict'
import express from 'express'
import type { Handler, HttpApp } from '../../../nodes/lib/http/app'
import { middlewareOf } from '../../../nodes/lib/http/app'
import { type EndpointHandler, endpointsOf } from '../../../nodes/lib/http/endpoints'
import { closePhones, serve } from '../../account/phone/helpers'

const answering =
  (status: number): EndpointHandler =>
  (_request, response) =>
    response.writeHead(status).end()

const statusOf = async (url: string, init?: RequestInit) => (await fetch(url, init)).status

describe('endpoints', () => {
  afterEach(closePhones)

  it('match like Express by default, below the mount point of the app', async () => {
    const app = express()
    assert.ok(endpointsOf(app).claim('/a/B', answering(200)))
    app.get('/x/y', (_request, response) => void response.sendStatus(299))
    const url = await serve(express().use('/root', app))
    for (const path of ['/root/a/b', '/root/A/B/', '/root/a/b?x=/y', '/root/a/b/?', '/ROOT/a/b']) {
      assert.equal(await statusOf(url + path), 200, path)
    }
    for (const path of [
      '/a/b',
      '/root/a/b//',
      '/root/a//b',
      '/root/a/b/c',
      '/root/a/%62',
      '/root',
    ]) {
      assert.equal(await statusOf(url + path), 404, path)
    }
    assert.equal(await statusOf(`${url}/root/x/y`), 299)
  })

  it('belong to one handler each, until it releases them', async () => {
    const app = express()
    const endpoints = endpointsOf(app)
    const [first, second] = [answering(201), answering(202)]
    assert.deepEqual(
      [endpoints.claim('/a', first), endpoints.claim('/A/', second), endpoints.claim('/a', first)],
      [true, false, true],
    )
    const url = `${await serve(app)}/a`
    assert.equal(await statusOf(url), 201)
    endpoints.release('/a', second)
    assert.equal(await statusOf(url), 201)
    endpoints.release('/a', first)
    assert.equal(await statusOf(url), 404)
    assert.ok(endpoints.claim('/a', second))
    assert.equal(await statusOf(url), 202)
  })

  it('leave a path to a route for POST, or for all methods', () => {
    const app = express()
    const endpoints = endpointsOf(app)
    app.post('/Post/', answering(200) as Handler)
    app.all('/all', answering(200) as Handler)
    app.post(['/one', '/two'], answering(200) as Handler)
    app.get('/get', answering(200) as Handler)
    app.post(/^\/regexp$/, answering(200) as Handler)
    for (const [path, isFree] of [
      ['/post', false],
      ['/all/', false],
      ['/two', false],
      ['/get', true],
      ['/regexp', true],
    ] as const) {
      assert.equal(endpoints.claim(path, answering(200)), isFree, path)
    }
  })

  it('are of one app each, which has one route for them', async () => {
    const [app, other] = [express(), express()]
    const endpoints = endpointsOf(app)
    assert.equal(endpointsOf(app), endpoints)
    assert.notEqual(endpointsOf(other), endpoints)
    assert.ok(endpoints.claim('/a', answering(200)))
    assert.ok(endpointsOf(other).claim('/a', answering(201)))
    assert.equal(await statusOf(`${await serve(app)}/a`), 200)
    assert.equal(await statusOf(`${await serve(other)}/a`), 201)
    const routes = app._router.stack.filter(({ route }: { route?: unknown }) => route)
    assert.equal(routes.length, 1)
  })

  it('answer for a middleware that fails, by the status that it knows', async () => {
    const app = express()
    const endpoints = endpointsOf(app, [
      ({ headers }, _response, next) => next({ status: Number(headers['x-status']) || 'none' }),
    ])
    endpoints.claim('/a', answering(200))
    const url = await serve(app)
    for (const [status, answered] of [
      ['400', 400],
      ['413', 413],
      ['200', 500],
      ['502', 500],
      ['none', 500],
    ] as const) {
      const response = await fetch(`${url}/a`, { headers: { 'x-status': status } })
      assert.deepEqual([response.status, await response.text()], [answered, ''])
    }
    assert.equal(await statusOf(`${url}/b`), 404)
  })

  it('pass on a request whose endpoint was removed during a middleware', async () => {
    const app = express()
    const handler = answering(200)
    const endpoints = endpointsOf(app, [
      (_request, _response, next) => {
        endpoints.release('/a', handler)
        next()
      },
    ])
    endpoints.claim('/a', handler)
    assert.equal(await statusOf(`${await serve(app)}/a`), 404)
  })

  it('are mounted in Express 5 as well, whose routes are elsewhere', () => {
    const stack: object[] = [{ route: { path: '/a', methods: { post: true } } }, {}]
    const app = { router: { stack }, all: () => {} } as unknown as HttpApp
    assert.equal(endpointsOf(app).claim('/A/', answering(200)), false)
    assert.equal(endpointsOf(app).claim('/b', answering(200)), true)
  })

  it('run a function or an array of functions of the settings, and nothing else', () => {
    const one: Handler = (_request, _response, next) => next()
    for (const [setting, handlers] of [
      [one, [one]],
      [
        [one, one],
        [one, one],
      ],
      [[[one], 7, 'text'], [one]],
      [undefined, []],
      [{}, []],
    ] as const) {
      assert.deepEqual(middlewareOf(setting), handlers)
    }
  })
})
