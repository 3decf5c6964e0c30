/**
 * Posts a webhook as 8x8 does, once.
 * @param webhook its body, such as `sandbox.webhook(umid)`
 * @param authorization the header as it is; without it none is sent
 * @returns the status
 */
export async function postWebhook(
  url: string,
  webhook: object,
  authorization?: string,
): Promise<number> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(authorization !== undefined && { authorization }),
    },
    body: JSON.stringify(webhook),
  })
  await response.body?.cancel()
  return response.status
}
