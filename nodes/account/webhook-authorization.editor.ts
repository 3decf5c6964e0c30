import { prepareCopyButton } from '../lib/editor/copy.editor'

/** Bytes of a random value: more than anyone can guess. */
const LENGTH = 32

/**
 * Gives the button beside the Authorization its work: to fill in a random value, and to show it once,
 * because it must be copied to 8x8 Connect and the editor never gets it back.
 */
export function prepareWebhookAuthorization(): void {
  const field = $('#node-config-input-webhookAuthorization')
  const generated = $('#eight-account-generated')
  const row = generated.closest('.form-row').hide()
  prepareCopyButton($('#eight-account-copy'), generated)
  $('#eight-account-generate').on('click', () => {
    const value = `Bearer ${randomText()}`
    field.val(value).trigger('change')
    generated.val(value)
    row.show()
  })
  // Another value was typed: what is shown is no longer what is stored.
  field.on('input', () => void row.hide())
}

/** Letters, digits, - and _: what every HTTP client and form takes. */
function randomText(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(LENGTH))
  const base64 = btoa(String.fromCharCode(...bytes))
  return base64.replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}
