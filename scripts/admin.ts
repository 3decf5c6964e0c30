/** Node-RED's admin API. */
import assert from 'node:assert/strict'
import type { NodeRed } from './node-red'

/** What the admin API says at a path, as JSON. @throws {Error} for any answer but 200 */
export async function readAdmin<T>({ url }: Pick<NodeRed, 'url'>, path: string): Promise<T> {
  const response = await fetch(url + path, { headers: { accept: 'application/json' } })
  assert.equal(response.status, 200, `${path}: ${response.status}`)
  return (await response.json()) as T
}

/**
 * Deploys flows; resolves when they run.
 * @param flows all nodes, with their credentials where these change
 * @throws {Error} when Node-RED refuses them
 */
export async function deployFlows(
  { url, deployed }: Pick<NodeRed, 'url' | 'deployed'>,
  flows: object[],
  type: 'full' | 'nodes' | 'flows' = 'full',
): Promise<void> {
  const started = deployed()
  const response = await fetch(`${url}/flows`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'node-red-deployment-type': type },
    body: JSON.stringify(flows),
  })
  assert.equal(response.status, 204)
  await started
}
