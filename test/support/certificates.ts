import { generate } from 'selfsigned'

const DAY = 24 * 60 * 60 * 1000

/** A key and its self-signed certificate, in PEM. */
export interface Identity {
  key: string
  cert: string
}

/**
 * Makes a certificate.
 * @param ip the address that it is for
 * @param from days from now at which it begins to be valid; it is so for two days
 */
export async function identify(ip = '127.0.0.1', from = -1): Promise<Identity> {
  const notBeforeDate = new Date(Date.now() + from * DAY)
  const { private: key, cert } = await generate([{ name: 'commonName', value: ip }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate,
    notAfterDate: new Date(notBeforeDate.getTime() + 2 * DAY),
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip }] }],
  })
  return { key, cert }
}
